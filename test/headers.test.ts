/**
 * Header rewriting, byte for byte at the upstream and at the client: set, add, remove, variables,
 * hop-by-hop fields, forwarding fields, request id, trace context, and what can't be injected.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { valuesOf } from './support/http1.ts';
import type { CallOptions } from './support/raw-client.ts';
import { ok } from './support/recording-upstream.ts';
import { type Stage, stage, upstreamYaml } from './support/stage.ts';

const ROUTES = `
consumers:
  acme-app: { tenant: acme, apiKeys: [{ value: good }] }
routes:
  - name: plain
    match: { path: /plain/* }
    upstream: up
  - name: keyed
    match: { path: "/keyed/{id}" }
    upstream: up
    auth: { apiKey: { header: x-api-key, query: key } }
    request:
      headers:
        set: { x-consumer: "\${consumer}", x-tenant: "\${tenant}", x-route: "\${route}", x-ip: "\${clientIp}", x-id: "\${requestId}", x-item: "<\${path.id}>", x-host: "\${host}", x-literal: "$\${consumer}" }
        add: { x-added: ours }
        remove: [x-debug, cookie]
    response:
      headers: { set: { server: stoa, x-by: "\${consumer}" }, add: { x-more: second }, remove: [x-internal] }
  - name: kept
    match: { path: /kept }
    upstream: up
    auth: { apiKey: { header: x-api-key, keep: true } }
`;

/** Sends one request and gives a reader of what arrived at the upstream. */
async function arrival(on: Stage, line: string, options: CallOptions = {}) {
  const answer = await on.call(line, options);
  assert.equal(answer.status, 200, answer.text);
  const { fields } = on.upstream.last;
  return { answer, all: (name: string) => valuesOf(fields, name), fields };
}

describe('request headers', () => {
  const on = stage((url) => `${upstreamYaml(url)}${ROUTES}`);
  const key = { 'x-api-key': 'good' };

  it('sets with variables, adds beside, removes', async () => {
    const { all } = await arrival(on, 'GET /keyed/a%20b', {
      headers: {
        ...key,
        'x-consumer': 'admin',
        'X-Tenant': 'other',
        'x-added': 'theirs',
        'x-debug': '1',
        cookie: 'a=b',
        'x-request-id': 'mine',
      },
    });
    assert.deepEqual(all('x-consumer'), ['acme-app']);
    assert.deepEqual(all('x-tenant'), ['acme']);
    assert.deepEqual(all('x-route'), ['keyed']);
    assert.deepEqual(all('x-ip'), ['127.0.0.1']);
    assert.deepEqual(all('x-id'), all('x-request-id'));
    assert.deepEqual(all('x-item'), ['<a%20b>']);
    assert.deepEqual(all('x-host'), ['gw.test']);
    assert.deepEqual(all('x-literal'), ['${consumer}']);
    assert.deepEqual(all('x-added').toSorted(), ['ours', 'theirs']);
    assert.deepEqual([...all('x-debug'), ...all('cookie')], []);
  });

  it('takes the API key off, from the header and from the query', async () => {
    const byHeader = await arrival(on, 'GET /keyed/1', { headers: key });
    assert.deepEqual(byHeader.all('x-api-key'), []);
    await arrival(on, 'GET /keyed/1?a=1&key=good&b=2');
    assert.equal(on.upstream.last.target, '/keyed/1?a=1&b=2');
    await arrival(on, 'GET /keyed/1?key=good');
    assert.equal(on.upstream.last.target, '/keyed/1');
    const kept = await arrival(on, 'GET /kept', { headers: key });
    assert.deepEqual(kept.all('x-api-key'), ['good']);
  });

  it('takes hop-by-hop fields off, and those that Connection names', async () => {
    const { all } = await arrival(on, 'GET /plain', {
      headers: {
        Connection: 'keep-alive, X-Mine , close-not',
        'X-Mine': '1',
        'Close-Not': '1',
        'Keep-Alive': 'timeout=5',
        'Proxy-Connection': 'keep-alive',
        TE: 'trailers',
        Trailer: 'x-sum',
        'x-stays': '1',
      },
    });
    const gone = [
      'x-mine',
      'close-not',
      'keep-alive',
      'proxy-connection',
      'te',
      'trailer',
      'upgrade',
    ];
    assert.deepEqual(gone.flatMap(all), []);
    assert.deepEqual(all('x-stays'), ['1']);
  });

  it('keeps Host, whatever Connection says', async () => {
    const { all } = await arrival(on, 'GET /plain', {
      host: 'kept.test:81',
      headers: { Connection: 'Host, X-Forwarded-For, X-Request-Id' },
    });
    assert.deepEqual(all('host'), ['kept.test:81']);
    assert.deepEqual(all('x-forwarded-for'), ['127.0.0.1']);
    assert.equal(all('x-request-id').length, 1);
  });

  it('says where a request came from, and believes no stranger', async () => {
    const { all } = await arrival(on, 'GET /plain', {
      headers: {
        'X-Forwarded-For': '10.0.0.1',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'evil.test',
        'X-Real-IP': '10.0.0.1',
        Forwarded: 'for=10.0.0.1',
      },
    });
    assert.deepEqual(all('x-forwarded-for'), ['127.0.0.1']);
    assert.deepEqual(all('x-forwarded-proto'), ['http']);
    assert.deepEqual(all('x-forwarded-host'), ['gw.test']);
    assert.deepEqual([...all('x-real-ip'), ...all('forwarded')], []);
  });

  it('keeps repeated fields apart and in order, and passes unknown ones as they are', async () => {
    const client = await on.call('GET /plain', {
      headers: { 'x-a': '1', 'X-A': '2', 'x-odd': '\t a  "b"; c=\\d \t', 'x-empty': '' },
    });
    assert.equal(client.status, 200);
    const { fields } = on.upstream.last;
    assert.equal(valuesOf(fields, 'x-a').join(', '), '1, 2');
    assert.deepEqual(valuesOf(fields, 'x-odd'), ['a  "b"; c=\\d']);
    assert.deepEqual(valuesOf(fields, 'x-empty'), ['']);
  });

  it('names a stranger’s request itself, and tells both sides the same name', async () => {
    const { answer, all } = await arrival(on, 'GET /plain', {
      headers: { 'x-request-id': 'mine' },
    });
    const [id = ''] = all('x-request-id');
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(answer.header('x-request-id'), id);
    const again = await arrival(on, 'GET /plain');
    assert.notEqual(again.all('x-request-id')[0], id);
  });

  it('sends exactly one traceparent', async () => {
    const valid = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

    const kept = await arrival(on, 'GET /plain', {
      headers: { traceparent: valid, tracestate: 'a=1' },
    });
    assert.equal(kept.all('traceparent').length, 1);
    assert.ok(kept.all('traceparent')[0]?.startsWith(valid.slice(0, 36)));
    assert.deepEqual(kept.all('tracestate'), ['a=1']);

    const strange = [
      {},
      { traceparent: 'nonsense', tracestate: 'a=1' },
      { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` },
      { traceparent: valid, TraceParent: valid.replace('4bf9', '0000') },
    ];
    for (const headers of strange) {
      const { all } = await arrival(on, 'GET /plain', { headers });
      assert.equal(all('traceparent').length, 1);
      assert.match(all('traceparent')[0] ?? '', form);
      assert.ok(!all('traceparent')[0]?.includes('4bf92f3577b34da6'), 'a new trace');
      assert.deepEqual(all('tracestate'), []);
    }
  });

  it('frames the body itself', async () => {
    const { all } = await arrival(on, 'POST /plain', { body: 'hello' });
    assert.deepEqual(all('content-length'), ['5']);
    assert.equal(on.upstream.last.body.toString(), 'hello');
    const none = await arrival(on, 'GET /plain');
    assert.deepEqual([...none.all('content-length'), ...none.all('transfer-encoding')], []);
  });

  it('never carries a client’s escape into a line of its own', async () => {
    const targets = ['/keyed/a%0d%0aX-Evil:%201', '/keyed/a%0aX-Evil:%201', '/keyed/a%00b'];
    for (const target of targets) {
      const answer = await on.call(`GET ${target}`, { headers: key });
      assert.ok([200, 400].includes(answer.status), target);
      for (const { invalid, requests } of on.upstream.connections) {
        assert.equal(invalid, null);
        for (const { fields } of requests) assert.deepEqual(valuesOf(fields, 'x-evil'), []);
      }
    }
  });
});

describe('response headers', () => {
  const on = stage((url) => `${upstreamYaml(url)}${ROUTES}`);
  const key = { 'x-api-key': 'good' };

  it('sets with variables, adds beside, removes', async () => {
    on.upstream.answer = () =>
      ok('ok', { Server: 'backend', 'X-Internal': 'secret', 'X-More': 'first', 'X-By': 'x' });
    const answer = await on.call('GET /keyed/1', { headers: key });
    const all = (name: string) => valuesOf(answer.message.fields, name);
    assert.deepEqual(all('server'), ['stoa']);
    assert.deepEqual(all('x-by'), ['acme-app']);
    assert.deepEqual(all('x-internal'), []);
    assert.deepEqual(all('x-more').toSorted(), ['first', 'second']);
  });

  it('takes hop-by-hop fields off, keeps the rest apart and in order', async () => {
    on.upstream.answer = () =>
      ok('ok', {
        Connection: 'X-Private, keep-alive',
        'Keep-Alive': 'timeout=9',
        'X-Private': '1',
        'Set-Cookie': 'a=1\r\nSet-Cookie: b=2',
        Upgrade: 'h2c',
        'Proxy-Connection': 'x',
      });
    const answer = await on.call('GET /plain');
    const all = (name: string) => valuesOf(answer.message.fields, name);
    assert.deepEqual(all('set-cookie'), ['a=1', 'b=2']);
    assert.deepEqual(['x-private', 'upgrade', 'proxy-connection'].flatMap(all), []);
    assert.ok(!all('keep-alive').includes('timeout=9'));
  });

  it('has one Date and one length', async () => {
    on.upstream.answer = () => ok('hello', { Date: 'Mon, 01 Jan 2024 00:00:00 GMT' });
    const answer = await on.call('GET /plain');
    assert.equal(valuesOf(answer.message.fields, 'date').length, 1);
    assert.equal(answer.header('content-length'), '5');
    assert.equal(answer.text, 'hello');
  });

  it('passes 8-bit bytes of a value through unchanged', async () => {
    on.upstream.answer = () => ok('ok', { 'X-Name': 'caf\xe9' });
    assert.equal((await on.call('GET /plain')).header('x-name'), 'caf\xe9');
  });

  it('passes the status and its reason', async () => {
    for (const status of ['201 Created', '404 Not Found', '500 Internal Server Error', '299 Odd']) {
      on.upstream.answer = () => `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`;
      const answer = await on.call('GET /plain');
      assert.equal(answer.status, Number(status.slice(0, 3)));
      assert.equal(answer.problem, null);
    }
  });
});

describe('forwarding fields by choice', () => {
  const trusted = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' };

  describe('Forwarded', () => {
    const on = stage((url) => `forwarded: { style: forwarded }\n${upstreamYaml(url)}${ROUTES}`);
    it('is the only one written', async () => {
      const { all } = await arrival(on, 'GET /plain', { headers: trusted });
      assert.match(all('forwarded').join(), /for="?127\.0\.0\.1"?/);
      assert.match(all('forwarded').join(), /proto=http/);
      assert.deepEqual([...all('x-forwarded-for'), ...all('x-forwarded-proto')], []);
    });
  });

  describe('none', () => {
    const on = stage((url) => `forwarded: { style: none }\n${upstreamYaml(url)}${ROUTES}`);
    it('writes nothing and still takes off a stranger’s', async () => {
      const { all } = await arrival(on, 'GET /plain', { headers: trusted });
      const names = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'forwarded'];
      assert.deepEqual(names.flatMap(all), []);
    });
  });

  describe('behind a trusted proxy', () => {
    const on = stage(
      (url) =>
        `forwarded: { style: both, trustedProxies: [127.0.0.0/8] }\n${upstreamYaml(url)}${ROUTES}`,
    );
    it('appends, and knows the client by its own address', async () => {
      const { all, answer } = await arrival(on, 'GET /keyed/1', {
        headers: { ...trusted, 'x-api-key': 'good', 'x-request-id': 'theirs-1' },
      });
      assert.deepEqual(all('x-forwarded-for'), ['203.0.113.7, 127.0.0.1']);
      assert.deepEqual(all('x-ip'), ['203.0.113.7']);
      assert.deepEqual(all('x-request-id'), ['theirs-1']);
      assert.equal(answer.header('x-request-id'), 'theirs-1');
    });
    it('ignores an identifier that could not be one', async () => {
      const { all } = await arrival(on, 'GET /plain', {
        headers: { 'x-request-id': 'a b"c' },
      });
      assert.notDeepEqual(all('x-request-id'), ['a b"c']);
    });
  });
});
