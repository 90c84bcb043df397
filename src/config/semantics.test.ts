import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const HEAD = 'version: 1\nupstreams: { backend: { endpoints: [{ url: "http://a:1" }] } }\n';

function problemsOf(lines: string): string[] {
  const loaded = parseConfig(HEAD + lines, { file: 'g.yaml', baseDir: '/nowhere', env: {} });
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

describe('what does not make sense', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { lines: 'routes: [{ name: r, upstream: backed }]',                    says: 'g.yaml:3:31: routes[0].upstream[0].name: unknown upstream "backed" (did you mean "backend"?)' },
    { lines: 'routes: [{ name: r, upstream: constructor }]',               says: 'g.yaml:3:31: routes[0].upstream[0].name: unknown upstream "constructor"' },
    { lines: 'routes: [{ name: r, upstream: [{ name: backend }, { name: backend }] }]', says: 'g.yaml:3:59: routes[0].upstream[1].name: upstream "backend" is listed twice' },
    { lines: 'routes: [{ name: r, upstream: [{ name: backend, weight: 0 }] }]', says: 'g.yaml:3:31: routes[0].upstream: at least one weight must be above 0' },
    { lines: 'routes: [{ name: r, deny: true }, { name: r, deny: true }]', says: 'g.yaml:3:43: routes[1].name: route name "r" is taken by routes[0]' },
    { lines: 'routes: [{ name: r }]',                                      says: 'g.yaml:3:10: routes[0]: needs one of upstream, redirect and deny' },
    { lines: 'routes: [{ name: r, upstream: backend, deny: true }]',       says: 'g.yaml:3:46: routes[0].deny: upstream and deny exclude each other' },
    { lines: 'routes: [{ name: r, upstream: backend, rateLimit: { by: tenant, requests: 1, windowMs: 1 } }]', says: 'g.yaml:3:57: routes[0].rateLimit.by: a limit by tenant needs auth on this route, or nobody is known' },
    { lines: 'routes: [{ name: r, upstream: backend, request: { path: { rewrite: /a, addPrefix: /b } } }]', says: 'g.yaml:3:68: routes[0].request.path.rewrite: rewrite replaces the whole path, so stripPrefix and addPrefix exclude it' },
    { lines: 'consumers: { a: { apiKeys: [{ value: k }] }, b: { apiKeys: [{ value: k }] } }', says: 'g.yaml:3:61: consumers.b.apiKeys[0]: consumer "a" has the same key' },
    { lines: 'listeners: [{ address: "127.0.0.1:9901" }]',                 says: 'g.yaml:1:1: admin.address: listeners[0] has this address already' },
    { lines: 'admin: { tokenFile: none }',                                 says: 'g.yaml:3:21: admin.tokenFile: no such file in /nowhere' },
    { lines: 'routes: [{ name: r, upstream: backend, auth: { require: all, apiKey: {} } }]', says: 'g.yaml:3:57: routes[0].auth.require: all of one is that one: name another method, or leave it out' },
    { lines: 'apiKeyFiles: [keys.csv]',                                    says: 'g.yaml:3:15: apiKeyFiles[0]: no such file in /nowhere' },
  ];
  for (const { lines, says } of cases) {
    it(says, () => assert.deepEqual(problemsOf(lines), [says]));
  }

  it('an endpoint twice', () => {
    const loaded = parseConfig(
      'version: 1\nupstreams: { a: { endpoints: [{ url: "http://a:80" }, { url: "http://a" }] } }',
      { file: 'g.yaml', baseDir: '/', env: {} },
    );
    assert.ok(!loaded.ok);
    assert.deepEqual(
      loaded.problems.map(({ path }) => path),
      ['upstreams.a.endpoints[1].url'],
    );
  });
});

it('two listeners may both ask for a free port', () => {
  assert.deepEqual(
    problemsOf('listeners: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:0" }]'),
    [],
  );
});
