/**
 * Routing as a client and an upstream see it: hosts, paths, methods, predicates, precedence,
 * normalisation, path rewriting, redirects and weighted splits.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { stopAll } from './support/cleanup.ts';
import { ok, RecordingUpstream } from './support/recording-upstream.ts';
import { stage, upstreamYaml } from './support/stage.ts';
import { startGateway } from './support/gateway.ts';
import { call } from './support/raw-client.ts';

function route(name: string, match: string, more = ''): string {
  const set = `response: { headers: { set: { x-route: ${name} } } }`;
  return `  - { name: ${name}, match: { ${match} }, upstream: up, ${set}${more === '' ? '' : `, ${more}`} }`;
}

const YAML = [
  'routes:',
  route('exact', 'path: /a/b'),
  route('param', 'path: "/a/{id}"'),
  route('prefix', 'path: /a/*'),
  route('regex', 'path: "~/r/[0-9]+"'),
  route('everything', 'path: /*'),
  route('host-exact', 'path: /h, hosts: [api.example.test]'),
  route('host-wildcard', 'path: /h, hosts: ["*.example.test"]'),
  route('host-long-wildcard', 'path: /h, hosts: ["*.eu.example.test"]'),
  route('host-v6', 'path: /h, hosts: ["[::1]"]'),
  route('get-only', 'path: /m, methods: [GET, HEAD], hosts: [m.test]'),
  route('put-only', 'path: /m, methods: [PUT], hosts: [m.test]'),
  route('m-rest', 'path: /m/*, hosts: [m.test]', 'priority: -5'),
  route('with-header', 'path: /p, headers: { x-kind: gold }'),
  route('with-header-regex', 'path: /p, headers: { x-kind: { regex: "s[a-z]+" } }'),
  route('with-query', 'path: /p, query: { v: { present: true } }'),
  route('without', 'path: /p'),
  route('urgent', 'path: /z/*', 'priority: 10'),
  route('specific', 'path: /z/exact'),
  route('strip', 'path: /strip/*', 'request: { path: { stripPrefix: /strip } }'),
  route('swap', 'path: /swap/*', 'request: { path: { stripPrefix: /swap, addPrefix: /v2 } }'),
  route(
    'rewrite',
    'path: "/users/{id}/posts/{post}"',
    'request: { path: { rewrite: "/posts/${path.post}/by/${path.id}" } }',
  ),
  '  - { name: moved, match: { path: /old/* }, redirect: { status: 308, to: "https://new.test${path}" } }',
  '  - { name: closed, match: { path: /closed/* }, deny: true }',
].join('\n');

describe('routing', () => {
  const on = stage((url) => `${upstreamYaml(url)}${YAML}`);

  // biome-ignore format: a table is read by column.
  const cases: readonly (readonly [line: string, route: string | null, host?: string, headers?: Record<string, string>])[] = [
    ['GET /a/b', 'exact'],
    ['GET /a/c', 'param'],
    ['GET /a', 'prefix'],
    ['GET /a/', 'prefix'],
    ['GET /a/c/d', 'prefix'],
    ['GET /ab', 'everything'],
    ['GET /r/123', 'regex'],
    ['GET /r/123x', 'everything'],
    ['GET /', 'everything'],
    ['GET /h', 'host-exact', 'api.example.test'],
    ['GET /h', 'host-exact', 'API.Example.TEST:8080'],
    ['GET /h', 'host-wildcard', 'x.example.test'],
    ['GET /h', 'host-wildcard', 'x.y.example.test'],
    ['GET /h', 'host-long-wildcard', 'x.eu.example.test'],
    ['GET /h', 'everything', 'example.test'],
    ['GET /h', 'host-v6', '[::1]:80'],
    ['GET /m', 'get-only', 'm.test'],
    ['PUT /m', 'put-only', 'm.test', { 'Content-Length': '0' }],
    ['DELETE /m', 'everything', 'm.test'],
    ['GET /p', 'with-header', 'gw.test', { 'X-Kind': 'gold' }],
    ['GET /p', 'with-header-regex', 'gw.test', { 'x-kind': 'silver' }],
    ['GET /p', 'without', 'gw.test', { 'x-kind': 'xsilver' }],
    ['GET /p?v=', 'with-query'],
    ['GET /p?w=1', 'without'],
    ['GET /z/exact', 'urgent'],
    ['GET /x/../a/b', 'exact'],
    ['GET /a//b', 'exact'],
    ['GET /%61/b', 'exact'],
    ['GET /a/%2e%2e/a/./b', 'exact'],
  ];
  for (const [line, expected, host = 'gw.test', headers = {}] of cases) {
    it(`${line} at ${host} ${JSON.stringify(headers)} → ${expected}`, async () => {
      const answer = await on.call(line, { host, headers });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.header('x-route'), expected);
    });
  }

  // biome-ignore format: a table is read by column.
  const targets = [
    ['/strip/a/b?x=1', '/a/b?x=1'],
    ['/strip',         '/'],
    ['/strip/',        '/'],
    ['/swap/a',        '/v2/a'],
    ['/users/7/posts/9?q', '/posts/9/by/7?q'],
    ['/users/a%20b/posts/c%3Fd', '/posts/c%3Fd/by/a%20b'],
    ['/plain//a/./b/../c?/../x//y', '/plain/a/c?/../x//y'],
    ['/plain/%7euser/%e9%3a', '/plain/~user/%E9%3A'],
    ['/plain?', '/plain?'],
    ['/plain/a;b=c,d', '/plain/a;b=c,d'],
  ] as const;
  for (const [sent, arrives] of targets) {
    it(`forwards ${sent} as ${arrives}`, async () => {
      const answer = await on.call(`GET ${sent}`);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(on.upstream.last.target, arrives);
    });
  }

  it('redirects without asking the upstream', async () => {
    const answer = await on.call('GET /old/place');
    assert.equal(answer.status, 308);
    assert.equal(answer.header('location'), 'https://new.test/old/place');
    assert.equal(on.upstream.requests.length, 0);
  });

  it('can not be made to redirect into another header', async () => {
    const answer = await on.call('GET /old/a%0d%0aSet-Cookie:%20x=1');
    assert.ok([308, 400].includes(answer.status));
    assert.equal(answer.header('set-cookie'), null);
  });

  it('denies what is denied, however it is written', async () => {
    for (const target of [
      '/closed',
      '/closed/x',
      '//closed',
      '/./closed',
      '/a/../closed/x',
      '/%63losed',
    ]) {
      const answer = await on.call(`GET ${target}`);
      assert.equal(answer.problem, 'route_denied', target);
    }
    assert.equal(on.upstream.requests.length, 0);
  });
});

describe('routing without a catch-all', () => {
  const on = stage(
    (url) =>
      `${upstreamYaml(url)}routes:\n${route('put', 'path: "/m", methods: [PUT]')}\n${route('get', 'path: "/{x}", methods: [GET, HEAD]')}`,
  );

  it('answers 405 with the methods of every route that fits otherwise', async () => {
    const answer = await on.call('DELETE /m');
    assert.equal(answer.problem, 'method_not_allowed');
    assert.deepEqual((answer.header('allow') ?? '').split(/, */).toSorted(), [
      'GET',
      'HEAD',
      'PUT',
    ]);
  });

  it('answers 404 when no path fits', async () => {
    assert.equal((await on.call('GET /m/n')).problem, 'route_not_found');
  });
});

describe('a weighted split', () => {
  it('gives each upstream its share, and none to weight 0', async () => {
    const [first, second, third] = await Promise.all(
      ['one', 'two', 'three'].map((body) => RecordingUpstream.start(() => ok(body))),
    );
    assert.ok(first && second && third);
    const upstreams = [first, second, third].map(
      ({ url }, index) => `  u${index}: { endpoints: [{ url: "${url}" }] }`,
    );
    const gateway = await startGateway(
      `upstreams:\n${upstreams.join('\n')}\nroutes:\n  - { name: split, upstream: [{ name: u0, weight: 3 }, { name: u1, weight: 1 }, { name: u2, weight: 0 }] }`,
    );
    try {
      const counts: Record<string, number> = {};
      for (let count = 0; count < 200; count++) {
        const { text } = await call(gateway.port, 'GET /');
        counts[text] = (counts[text] ?? 0) + 1;
      }
      const { one = 0, two = 0, three = 0 } = counts;
      assert.equal(three, 0);
      assert.equal(one + two, 200);
      assert.ok(one > 110 && two > 20, `3 : 1 came out as ${one} : ${two}`);
    } finally {
      await stopAll(gateway, first, second, third);
    }
  });
});
