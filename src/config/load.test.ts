import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';

import { loadConfig, parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import type { Environment } from './references.ts';
import type { Model } from './schema.ts';

const directory = mkdtempSync(join(tmpdir(), 'stoa-config-'));
after(() => rmSync(directory, { recursive: true }));

interface With {
  readonly env?: Environment;
}

function parse(text: string, { env = {} }: With = {}): ReturnType<typeof parseConfig> {
  return parseConfig(text, { file: 'g.yaml', baseDir: directory, env, overrides: {}, cores: 3 });
}

function modelOf(text: string, options?: With): Model {
  const loaded = parse(text, options);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n'));
  return loaded.model;
}

function problemsOf(text: string, options?: With): string[] {
  const loaded = parse(text, options);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

const SAMPLE = `version: 1
mode: proxy
workers: 1
listeners:
  - address: 127.0.0.1:8080
admin:
  address: 127.0.0.1:9901
upstreams:
  echo:
    endpoints:
      - url: http://127.0.0.1:9000
    timeouts: { connectMs: 1000, responseMs: 30000, idleMs: 60000 }
consumers:
  acme-app:
    tenant: acme
    apiKeys:
      - sha256: 5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5   # "12345"
      - value: good
routes:
  - name: open
    match: { path: /public/* }
    upstream: echo
  - name: echo
    match: { path: /echo/*, methods: [GET, POST, PUT, DELETE] }
    upstream: echo
    auth: { apiKey: { header: x-api-key } }
    rateLimit: { by: consumer, requests: 100000, windowMs: 1000, burst: 100000 }
    request:
      path: { stripPrefix: /echo }
      headers: { set: { x-tenant: "\${tenant}", x-consumer: "\${consumer}" }, remove: [x-debug] }
    response:
      headers: { set: { x-gateway: stoa } }
  - name: limited
    match: { path: /limited, hosts: ["*.example.test", "127.0.0.1"] }
    upstream: echo
    auth: { apiKey: { header: x-api-key } }
    rateLimit: { by: consumer, requests: 5, windowMs: 10000, burst: 5 }
`;

/** A valid document around the lines a test is about. */
function around(lines: string): string {
  return `version: 1\nupstreams: { a: { endpoints: [{ url: "http://a:1" }] } }\n${lines}`;
}

describe('the sample', () => {
  const model = modelOf(SAMPLE);

  it('loads as it stands', () => {
    assert.equal(model.routes.length, 3);
    assert.deepEqual(model.upstreams['echo']?.endpoints, [
      { url: 'http://127.0.0.1:9000', weight: 1 },
    ]);
    assert.deepEqual(model.routes[1]?.request.headers.set, {
      'x-tenant': '${tenant}',
      'x-consumer': '${consumer}',
    });
  });

  it('fills every default', () => {
    assert.deepEqual(model.routes[0], {
      name: 'open',
      match: { path: '/public/*', hosts: [], methods: [], headers: {}, query: {} },
      priority: 0,
      upstream: [{ name: 'echo', weight: 1 }],
      redirect: null,
      deny: false,
      auth: null,
      rateLimit: null,
      policy: null,
      request: {
        path: { stripPrefix: null, rewrite: null, addPrefix: null },
        headers: { set: {}, add: {}, remove: [] },
        bodyMaxBytes: null,
      },
      response: { headers: { set: {}, add: {}, remove: [] } },
    });
    assert.deepEqual(model.limits.bodyIdleMs, 8000);
    assert.deepEqual(model.routes[1]?.rateLimit?.headers, 'both');
  });

  it('keeps no key in the clear', () => {
    assert.deepEqual(model.consumers['acme-app']?.apiKeys[1], {
      sha256: '770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c',
      expiresAt: null,
    });
  });
});

describe('short forms', () => {
  it('take what is written in short', () => {
    const model = modelOf(
      around(`admin: off
workers: auto
consumers: { solo: {} }
accessLog: { output: log/access.log }
routes:
  - name: one
    match: { headers: { X-Kind: a, x-any: { present: true } }, query: { q: { regex: "\\\\d+" } } }
    upstream: [{ name: a, weight: 3 }]
    rateLimit: { by: { header: X-User }, requests: 5, windowMs: 1000 }
    auth: { apiKey: {} }
  - { name: two, redirect: { to: "https://x.test\${path}" } }
  - { name: three, deny: true }`),
    );
    assert.equal(model.admin, null);
    assert.equal(model.workers, 3);
    assert.equal(model.consumers['solo']?.tenant, 'solo');
    assert.equal(model.accessLog.output, join(directory, 'log/access.log'));
    const [one, two, three] = model.routes;
    assert.deepEqual(one?.match.headers, { 'x-kind': { exact: 'a' }, 'x-any': { present: true } });
    assert.deepEqual(one?.match.query, { q: { regex: String.raw`\d+` } });
    assert.deepEqual(one?.upstream, [{ name: 'a', weight: 3 }]);
    assert.deepEqual(one?.rateLimit?.by, { header: 'x-user' });
    assert.equal(one?.rateLimit?.burst, 5);
    assert.equal(one?.auth?.apiKey?.header, 'x-api-key');
    assert.deepEqual(two?.redirect, { status: 302, to: 'https://x.test${path}' });
    assert.deepEqual(two?.upstream, []);
    assert.equal(three?.deny, true);
  });
});

describe('problems', () => {
  // biome-ignore format: a table is read by column.
  const cases = [
    { text: '',                                    says: 'g.yaml:1:1: version: is required (1)' },
    { text: '[]',                                  says: 'g.yaml:1:1: expected a mapping, found a list' },
    { text: 'version: 2',                          says: 'g.yaml:1:10: version: expected 1' },
    { text: around('mode: shadow'),                says: 'g.yaml:3:7: mode: this release has mode "proxy" only; "shadow" comes later' },
    { text: around('mode: proxi'),                 says: 'g.yaml:3:7: mode: this release has mode "proxy" only' },
    { text: around('worker: 2'),                   says: 'g.yaml:3:1: worker: unknown key "worker" (did you mean "workers"?)' },
    { text: around('workers: 0'),                  says: 'g.yaml:3:10: workers: must be at least 1' },
    { text: around('admin: of'),                   says: 'g.yaml:3:8: admin: expected "off" or a mapping (did you mean "off"?)' },
    { text: around('limits:'),                     says: 'g.yaml:3:8: limits: expected a mapping, found nothing' },
    { text: around('drain: { deadlineMs: 1.5 }'),  says: 'g.yaml:3:22: drain.deadlineMs: expected a whole number, found a number' },
    { text: around('listeners: []'),               says: 'g.yaml:3:12: listeners: must have at least 1 item' },
    { text: around('listeners: [{ address: x }]'), says: 'g.yaml:3:24: listeners[0].address: not an address; expected host:port, such as 127.0.0.1:8080 or [::1]:8080' },
    { text: around('consumers: { c: { apiKeys: [{ value: 12345 }] } }'), says: 'g.yaml:3:38: consumers.c.apiKeys[0].value: expected text, found a number; put it in quotes' },
    { text: around('consumers: { c: { apiKeys: [{}] } }'), says: 'g.yaml:3:29: consumers.c.apiKeys[0]: exactly one of sha256 and value is needed' },
    { text: around('consumers: { c: { apiKeys: [{ value: k, expiresAt: 2027-02-30 }] } }'), says: 'g.yaml:3:52: consumers.c.apiKeys[0].expiresAt: not a date; expected 2027-01-31 or 2027-01-31T12:00:00Z (in quotes is best)' },
    { text: around('routes:\n  - name: r\n    upstream: a\n    rateLimits: {}'), says: 'g.yaml:6:5: routes[0].rateLimits: unknown key "rateLimits" (did you mean "rateLimit"?)' },
    { text: around('routes: [{ name: r, upstream: 5 }]'), says: 'g.yaml:3:31: routes[0].upstream: expected text or a list, found a number' },
    { text: around('routes: [{ name: r, upstream: a, match: { methods: [get] } }]'), says: 'g.yaml:3:53: routes[0].match.methods[0]: a method is written in capitals, such as GET' },
    { text: around('routes: [{ name: r, upstream: a, match: { headers: { "a b": c } } }]'), says: 'g.yaml:3:54: routes[0].match.headers["a b"]: not a header name: letters, digits and "-" only, at most 128 characters' },
    { text: around('routes: [{ name: r, upstream: a, match: { headers: { x: { exact: a, regex: b } } } }]'), says: 'g.yaml:3:69: routes[0].match.headers.x.regex: "regex" does not go with the other keys here' },
    { text: around('routes: [{ name: r, upstream: a, request: { headers: { set: { x: "a\\r\\nb" } } } }]'), says: 'g.yaml:3:66: routes[0].request.headers.set.x: control characters are not allowed' },
  ];
  for (const { text, says } of cases) {
    it(says, () => assert.deepEqual(problemsOf(text), [says]));
  }

  it('come all at once, in the order of the file', () => {
    assert.equal(problemsOf(around('workers: 0\nmode: x\nfoo: 1')).length, 3);
  });

  it('of a file that is not there, or no text, have a place too', () => {
    writeFileSync(join(directory, 'latin1.yaml'), Buffer.from([0x61, 0xe9]));
    for (const name of ['missing.yaml', 'latin1.yaml', '.']) {
      const loaded = loadConfig(join(directory, name), {});
      assert.ok(!loaded.ok);
      assert.deepEqual([loaded.problems[0]?.line, loaded.problems[0]?.column], [1, 1]);
    }
  });

  it('that native code finds get their place', () => {
    const loaded = parse(SAMPLE);
    assert.ok(loaded.ok);
    const [problem] = loaded.problemsAt([{ path: 'routes.1.match.path', message: 'no' }]);
    assert.equal(problem && formatProblem(problem), 'g.yaml:24:20: routes[1].match.path: no');
    const [short] = loaded.problemsAt([{ path: 'routes.1.upstream.0.name', message: 'no' }]);
    assert.deepEqual([short?.line, short?.column], [25, 15]);
  });
});

describe('any text', () => {
  /** The sample with one piece of it replaced by something else. */
  const mutation = fc
    .tuple(
      fc.nat(SAMPLE.length),
      fc.nat(40),
      fc.oneof(
        fc.constantFrom('', '{', '}', '[', '- ', ': ', '"', "'", '\n', '${A}', '*a', '&a '),
        fc.string(),
      ),
    )
    .map(([start, length, piece]) => SAMPLE.slice(0, start) + piece + SAMPLE.slice(start + length));

  it('gives a model or problems with places, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), mutation), (text) => {
        const loaded = parse(text);
        if (loaded.ok) return;
        assert.ok(loaded.problems.length > 0);
        const lines = text.split(/\n/).length;
        for (const { line, column, message } of loaded.problems) {
          assert.ok(line >= 1 && line <= lines + 1 && column >= 1 && message !== '');
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('of any shape does so, too', () => {
    const keys = fc.constantFrom(
      'version',
      'routes',
      'upstreams',
      'consumers',
      'admin',
      'name',
      'x',
    );
    const shapes = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 5 }, fc.jsonValue(), tie('list'), tie('mapping')),
      list: fc.array(tie('value'), { maxLength: 3 }),
      mapping: fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
    }));
    fc.assert(
      fc.property(shapes.mapping, (value) => {
        const loaded = parse(JSON.stringify({ version: 1, ...(value as object) }));
        if (!loaded.ok)
          for (const { line, column } of loaded.problems) assert.ok(line >= 1 && column >= 1);
      }),
      { numRuns: 500 },
    );
  });
});
