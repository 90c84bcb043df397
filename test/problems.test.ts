/**
 * Every problem code, by a request that produces it against the real gateway.
 *
 * A code that has no producer here fails the test, and so does one that no longer exists.
 * Source: RFC 9457 §3.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { problemTable } from '../src/native/addon.ts';
import { stopAll } from './support/cleanup.ts';
import { DeafPort } from './support/deaf-port.ts';
import { FRONT, type Gateway, startGateway } from './support/gateway.ts';
import { testPki } from './support/pki.ts';
import { ENTRYPOINT, REGO_SOURCE } from './support/policy-gateway.ts';
import { freePort } from '../arena/host/ports.ts';
import { Answer, call, type CallOptions, RawClient } from './support/raw-client.ts';
import { ok, RecordingUpstream } from './support/recording-upstream.ts';
import { SlowIssuer } from './support/slow-issuer.ts';
import { callTls, showing } from './support/tls-client.ts';
import { CHEAP_HASH, TOKEN_PRODUCERS, TOKEN_ROUTES, tokenYaml } from './support/token-problems.ts';

const pki = testPki();
/** Beside the usual listener, one that asks clients for certificates. */
const LISTENERS = [`front: ${FRONT}`, pki.listener(pki.clientAuth('optional'))];

interface Setting {
  readonly url: string;
  readonly closedPort: number;
  readonly deafPort: number;
  readonly issuer: SlowIssuer;
}

function named(name: string, at: string, more = ''): string {
  return `  ${name}: { endpoints: [{ url: "${at}" }]${more} }`;
}

function route(name: string, more: string): string {
  return `  - { name: ${name}, match: { path: /${name} }, ${more} }`;
}

function yaml({ url, closedPort, deafPort, issuer }: Setting): string {
  return `
limits: { bodyIdleMs: 500, decisionMs: 2000, bodyMaxBytes: 1000, targetMaxBytes: 1000, headMaxBytes: 4096, headersMax: 50 }
upstreams:
${named('up', url, ', timeouts: { responseMs: 400, idleMs: 400 }')}
${named('total', url, ', timeouts: { responseMs: 5000, totalMs: 300 }')}
${named('one', url, ', timeouts: { responseMs: 2000 }, connections: { max: 1, idleMax: 1, pendingMax: 0 }')}
${named('closed', `http://127.0.0.1:${closedPort}`)}
${named('deaf', `http://127.0.0.1:${deafPort}`, ', timeouts: { connectMs: 300 }')}
${named('nowhere', 'http://nowhere.invalid:80')}
${named('unread', url, ', timeouts: { idleMs: 400, responseMs: 5000 }')}
quotas: { countersMax: 1 }
plans: { one: { quotas: [{ requests: 1, per: month }] } }
policies:
  gate: { source: ${REGO_SOURCE}, entrypoint: ${ENTRYPOINT}, timeoutMs: 1000 }
consumers:
  counted: { plan: one, apiKeys: [{ value: counted }] }
  uncounted: { plan: one, apiKeys: [{ value: uncounted }] }
  app: { apiKeys: [{ value: good }, { value: old, expiresAt: "2020-01-01" }] }
  gone: { apiKeys: [{ value: withdrawn }] }
  person: { basic: [{ username: person, passwordHash: "${CHEAP_HASH}" }] }
routes:
${route('plain', 'upstream: up')}
${route('keyed', 'upstream: up, auth: { apiKey: { header: x-api-key } }')}
${route('certified', 'upstream: up, auth: { clientCertificate: true }')}
${route('denied', 'deny: true')}
  - { name: policed, match: { path: /policed/* }, upstream: up, policy: gate }
  - { name: get-only, match: { path: /get-only, methods: [GET] }, upstream: up }
${route('limited', 'upstream: up, rateLimit: { by: route, requests: 1, windowMs: 3600000 }')}
${route('closed', 'upstream: closed')}
${route('deaf', 'upstream: deaf')}
${route('nowhere', 'upstream: nowhere')}
${route('silent', 'upstream: up')}
${route('reset', 'upstream: up')}
${route('garbage', 'upstream: up')}
${route('total', 'upstream: total')}
${route('one', 'upstream: one')}
  - { name: unread, match: { path: /unread }, upstream: unread, request: { bodyMaxBytes: 100000000 } }
${TOKEN_ROUTES}${tokenYaml(issuer, closedPort)}`;
}

type Ask = (line: string, options?: CallOptions) => Promise<Answer>;

/** Asks until there is another answer than before: for what needs a second request. */
async function second(ask: Ask, line: string): Promise<Answer> {
  await ask(line);
  return ask(line);
}

/** Sends bytes as they are, and reads the one answer. */
async function sending(gateway: Gateway, text: string): Promise<Answer> {
  const client = await RawClient.open(gateway.port);
  client.send(text);
  const seen = await client.read(({ responses }) => responses.length > 0, {
    timeoutMs: 12_000,
  });
  client.close();
  const [response] = seen.responses;
  if (response === undefined) throw new Error(`no answer: ${seen.state}, closed: ${seen.closed}`);
  return new Answer(response);
}

const HOST = 'Host: gw.test\r\n';

const COUNTED = { headers: { 'x-api-key': 'counted' } };

/** The registry: how each code comes about. */
const PRODUCERS: Readonly<Record<string, (ask: Ask, gateway: Gateway) => Promise<Answer>>> = {
  bad_request: (ask) => ask('GET /plain', { headers: { 'x-a': 'a\x7fb' } }),
  bad_framing: (_, gateway) =>
    sending(
      gateway,
      `POST /plain HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`,
    ),
  bad_target: (ask) => ask('GET /plain/%zz'),
  bad_host: (_, gateway) => sending(gateway, `GET /plain HTTP/1.1\r\n${HOST}${HOST}\r\n`),
  api_key_missing: (ask) => ask('GET /keyed'),
  api_key_unknown: (ask) => ask('GET /keyed', { headers: { 'x-api-key': 'bad' } }),
  credential_revoked: async (ask, gateway) => {
    const revoked = await call(gateway.adminPort, 'POST /revocations', {
      host: 'localhost',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ kind: 'consumer', name: 'gone' }),
    });
    assert.equal(revoked.status, 201);
    return ask('GET /keyed', { headers: { 'x-api-key': 'withdrawn' } });
  },
  api_key_expired: (ask) => ask('GET /keyed', { headers: { 'x-api-key': 'old' } }),
  client_certificate_required: (ask) => ask('GET /certified'),
  client_certificate_unknown: (_, { ports }) =>
    callTls(ports[1] ?? 0, 'GET /certified', showing(pki, 'nobody')),
  policy_denied: (ask) => ask('GET /policed/no'),
  policy_failed: (ask) => ask('GET /policed/text'),
  route_denied: (ask) => ask('GET /denied'),
  route_not_found: (ask) => ask('GET /no-such-route'),
  method_not_allowed: (ask) => ask('DELETE /get-only'),
  // Half a head stays with the native side, whatever the listener's front is.
  request_head_timeout: (_, gateway) => sending(gateway, 'GET /plain HTTP/1.1\r\nHo'),
  request_body_timeout: (_, gateway) =>
    sending(gateway, `POST /plain HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhe`),
  length_required: (ask) => ask('POST /plain'),
  body_too_large: (ask) => ask('POST /plain', { body: 'x'.repeat(1001) }),
  target_too_long: (ask) => ask(`GET /plain?${'q'.repeat(1001)}`),
  expectation_failed: (ask) => ask('GET /plain', { headers: { Expect: 'wonders' } }),
  upgrade_required: (ask) =>
    ask('GET /plain', {
      headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '7' },
    }),
  quota_exceeded: (ask) => second((line) => ask(line, COUNTED), 'GET /keyed'),
  // The first of them has the only counter.
  quota_unavailable: async (ask) => {
    await ask('GET /keyed', COUNTED);
    return ask('GET /keyed', { headers: { 'x-api-key': 'uncounted' } });
  },
  rate_limited: (ask) => second(ask, 'GET /limited'),
  head_too_large: (ask) => ask('GET /plain', { headers: { 'x-a': 'a'.repeat(4096) } }),
  internal_error: (ask) => ask('GET /plain', { headers: { 'x-stoa-test-panic': '1' } }),
  upstream_connect_failed: (ask) => ask('GET /closed'),
  upstream_reset: (ask) => ask('POST /reset', { body: 'x' }),
  upstream_bad_response: (ask) => ask('GET /garbage'),
  overloaded: async (ask) => {
    const first = ask('GET /one');
    const other = ask('GET /one');
    const answer = await Promise.race([first, other]);
    await Promise.allSettled([first, other]);
    return answer;
  },
  upstream_unresolved: (ask) => ask('GET /nowhere'),
  upstream_connect_timeout: (ask) => ask('GET /deaf'),
  upstream_response_timeout: (ask) => ask('GET /silent'),
  upstream_idle_timeout: (ask) => ask('PUT /unread', { body: Buffer.alloc(60_000_000) }),
  total_timeout: (ask) => ask('GET /total'),
  version_not_supported: (_, gateway) => sending(gateway, `GET /plain HTTP/1.2\r\n${HOST}\r\n`),
};

/** Where the whole gateway has to be in another state: test/metering/gateway.test.ts. */
const PRODUCED_ELSEWHERE = ['metering_unavailable'];

describe('problems', () => {
  let upstream: RecordingUpstream;
  let deaf: DeafPort;
  let gateway: Gateway;
  let issuer: SlowIssuer;
  let closedPort: number;
  const ask: Ask = (line, options) => call(gateway.port, line, options);

  before(async () => {
    deaf = await DeafPort.open();
    upstream = await RecordingUpstream.start(({ target }, { socket }) => {
      if (target === '/silent' || target === '/total' || target === '/one') return null;
      if (target === '/garbage') return 'garbage\r\n\r\n';
      if (target !== '/reset') return ok();
      socket.resetAndDestroy();
      return null;
    });
    issuer = await SlowIssuer.start();
    closedPort = await freePort();
    const setting = { url: upstream.url, closedPort, deafPort: deaf.port, issuer };
    gateway = await startGateway(yaml(setting), {
      env: { STOA_TEST_HOOKS: '1' },
      listeners: LISTENERS,
    });
    upstream.onHead = (head, socket) => {
      if (head.includes('/unread')) socket.pause();
    };
  });
  after(async () => {
    await stopAll(gateway, upstream, deaf, issuer);
  });

  const table = problemTable();

  it('have a producer here, each', () => {
    const produced = [PRODUCERS, TOKEN_PRODUCERS].flatMap(Object.keys);
    const known = [...produced, ...PRODUCED_ELSEWHERE].toSorted();
    assert.deepEqual(known, table.map(({ code }) => code).toSorted());
  });

  const tokens = Object.entries(TOKEN_PRODUCERS).map(
    ([code, produce]) => [code, (from: Ask) => produce(from, issuer, closedPort)] as const,
  );
  for (const [code, produce] of [...Object.entries(PRODUCERS), ...tokens]) {
    it(`${code} has the status, title and form of its table`, async () => {
      const row = table.find((one) => one.code === code);
      assert.ok(row, 'there is no such code');
      const counted = await gateway.metric('stoa_problems_total', { code });

      const answer = await produce(ask, gateway);
      assert.equal(answer.problem, code, answer.text);
      const body = JSON.parse(answer.text) as Record<string, unknown>;
      const { title, status } = row;
      const { type, requestId } = body;
      assert.deepEqual(
        { type, title: body['title'], status: body['status'] },
        { type: `urn:stoa:problem:${code}`, title, status },
      );
      assert.equal(answer.status, status);
      assert.equal(requestId ?? '', answer.header('x-request-id') ?? '');
      assert.ok((await gateway.metric('stoa_problems_total', { code })) > counted, 'is counted');
    });
  }

  it('say how to do better', async () => {
    assert.equal((await ask('DELETE /get-only')).header('allow'), 'GET');
    assert.match((await ask('GET /keyed')).header('www-authenticate') ?? '', /^ApiKey/i);
    assert.match((await ask('GET /limited')).header('retry-after') ?? '', /^\d+$/);
  });

  it('have no body when the request is HEAD', async () => {
    const answer = await ask('HEAD /no-such-route');
    assert.equal(answer.status, 404);
    assert.equal(answer.text, '');
    assert.notEqual(answer.header('content-length'), null);
  });

  // biome-ignore format: a table is read by column.
  const heads = [
    { what: 'lets the connection live',         line: 'HEAD /no-such-route', fields: '',                          status: 404, closes: false },
    { what: 'closes it as asked',               line: 'HEAD /no-such-route', fields: 'Connection: close\r\n',     status: 404, closes: true },
    { what: 'leaves a body unread',             line: 'HEAD /no-such-route', fields: 'Content-Length: 9\r\n',     status: 404, closes: true },
    { what: 'tears the connection down',        line: 'HEAD /plain/%zz',     fields: '',                          status: 400, closes: true },
    { what: 'is of a head that can’t be read',  line: 'HEAD /plain',         fields: HOST,                        status: 400, closes: true },
  ];
  for (const { what, line, fields, status, closes } of heads) {
    it(`have no body when the request is HEAD, also where the answer ${what}`, async () => {
      const client = await RawClient.open(gateway.port);
      client.send(`${line} HTTP/1.1\r\n${HOST}${fields}\r\n`);
      const seen = await client.read(({ responses }) => responses.length > 0, {
        methods: ['HEAD'],
        timeoutMs: 5000,
        quietMs: 100,
      });
      client.close();
      const [head = '', ...behind] = seen.bytes.toString('latin1').split('\r\n\r\n');
      assert.ok(head.startsWith(`HTTP/1.1 ${status} `), head);
      assert.match(head, /\r\ncontent-length: [1-9]/i);
      assert.deepEqual(behind, ['']);
      assert.equal(/\r\nconnection: close/i.test(head), closes);
    });
  }

  it('hide what the client sent', async () => {
    const { text } = await ask('GET /keyed?token=secret-1', {
      headers: { 'x-api-key': 'secret-2' },
    });
    assert.doesNotMatch(text, /secret/);
  });
});
