import assert from 'node:assert/strict';
import { it } from 'node:test';

import { banner } from './banner.ts';

const OPTIONS = {
  mode: 'proxy',
  workers: 2,
  listeners: [{ address: { host: '0.0.0.0', port: 8080 }, isTls: false }],
  admin: { host: '127.0.0.1', port: 9901 },
  configFile: 'examples/quickstart/gateway.yaml',
  paths: ['/public/*', '/echo/*', '/limited'],
};

it('says where it listens and what it was started from', () => {
  const text = banner({ ...OPTIONS, demo: false });
  for (const said of ['0.0.0.0:8080', '127.0.0.1:9901', OPTIONS.configFile, '2 workers']) {
    assert.ok(text.includes(said), said);
  }
  assert.ok(!text.includes('curl'));
  assert.match(banner({ ...OPTIONS, admin: null, configFile: null, demo: false }), /admin +off/);
});

it('offers one curl line when the routes are not those of the quickstart', () => {
  const text = banner({ ...OPTIONS, paths: ['/*'], demo: true });
  assert.deepEqual(text.match(/curl.*/g), ['curl -i http://127.0.0.1:8080/hello']);
});

it('offers exactly three curl lines with the demo', () => {
  const text = banner({ ...OPTIONS, demo: true });
  const curls = text.split('\n').filter((line) => line.includes('curl'));
  assert.deepEqual(
    curls.map((line) => line.trim()),
    [
      'curl -i http://127.0.0.1:8080/echo/hello',
      "curl -i -H 'x-api-key: good' http://127.0.0.1:8080/echo/hello",
      "for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code}\\n' -H 'x-api-key: good' http://127.0.0.1:8080/limited; done",
    ],
  );
});

it('offers nothing that the routes may refuse, and says where it speaks TLS', () => {
  const text = banner({
    ...OPTIONS,
    listeners: [{ address: { host: '127.0.0.1', port: 8443 }, isTls: true }],
    paths: ['/api/*'],
    demo: true,
  });
  assert.ok(!text.includes('curl'));
  assert.match(text, /listening +https:\/\/127\.0\.0\.1:8443\n/);
  assert.match(text, /Ctrl-C/);
});
