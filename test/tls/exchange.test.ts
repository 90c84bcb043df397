/**
 * HTTP/1.1 over TLS, whole: what comes over plain connections comes over these, byte for byte, and
 * connections that are no TLS, or never become it, are got rid of.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';

import { drained, Source } from '../support/flow.ts';
import { httpStage } from '../support/http-upstream.ts';
import { testPki } from '../support/pki.ts';
import { call, callOn, RawClient, requestBytes } from '../support/raw-client.ts';
import { ok } from '../support/recording-upstream.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { callTls, openTls, trusting } from '../support/tls-client.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const pki = testPki();
const ROUTES = 'routes: [{ name: all, upstream: up }]';
const HEAD_MS = 600;
const LISTENERS = [pki.listener('', `connections: { headMs: ${HEAD_MS}, idleMs: 5000 }`)];

describe('over TLS', () => {
  const on = stage((url) => `${upstreamYaml(url)}${ROUTES}`, { listeners: LISTENERS });
  const client = () => openTls(on.gateway.port, trusting(pki));

  it('a GET is forwarded and answered, and the upstream is told it was https', async () => {
    on.upstream.answer = () => ok('hello', { 'x-from': 'up' });
    const answer = await callTls(on.gateway.port, 'GET /a?b=c', trusting(pki));
    assert.deepEqual([answer.status, answer.text, answer.header('x-from')], [200, 'hello', 'up']);
    const { target, fields } = on.upstream.last;
    assert.equal(target, '/a?b=c');
    const forwarded = fields.filter(({ name }) => name.toLowerCase() === 'x-forwarded-proto');
    assert.deepEqual(
      forwarded.map(({ value }) => value),
      ['https'],
    );
  });

  it('a client that claims http is not believed', async () => {
    const headers = { 'x-forwarded-proto': 'http', forwarded: 'proto=http' };
    await callTls(on.gateway.port, 'GET /', trusting(pki), { headers });
    const said = on.upstream.last.fields
      .filter(({ name }) => /^(?:x-forwarded-proto|forwarded)$/i.test(name))
      .map(({ value }) => value);
    assert.deepEqual(said, ['https']);
  });

  it('a body with a length arrives, also one of many records', async () => {
    const body = Buffer.alloc(200_000, 'stoa.');
    const answer = await callTls(on.gateway.port, 'POST /up', trusting(pki), { body });
    assert.equal(answer.status, 200);
    assert.ok(on.upstream.last.body.equals(body));
  });

  it('a chunked body arrives', async () => {
    const open = await client();
    open.send('POST /up HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n');
    open.send('5\r\nhello\r\n');
    await sleep(50);
    open.send('6\r\n world\r\n0\r\n\r\n');
    const seen = await open.read(({ responses }) => responses.length > 0);
    assert.equal(seen.responses[0]?.status, 200);
    assert.equal(on.upstream.last.body.toString(), 'hello world');
    open.close();
  });

  it('one connection carries many requests, and pipelined ones are answered in order', async () => {
    on.upstream.answer = ({ target }) => ok(target);
    const open = await client();
    for (const path of ['/1', '/2', '/3']) {
      assert.equal((await callOn(open, `GET ${path}`)).text, path);
    }
    open.forget();
    open.send(Buffer.concat(['/4', '/5', '/6'].map((path) => requestBytes(`GET ${path}`))));
    const seen = await open.read(({ responses }) => responses.length === 3);
    assert.deepEqual(
      seen.responses.map(({ body }) => body.toString()),
      ['/4', '/5', '/6'],
    );
    open.close();
    assert.equal(await on.gateway.metric('stoa_tls_failures_total'), 0);
  });

  it('a connection that is to end says so: close_notify, then the end', async () => {
    const open = await client();
    open.send(requestBytes('GET /', { headers: { Connection: 'close' } }));
    const seen = await open.read(({ closed }) => closed, { timeoutMs: 5000 });
    assert.equal(seen.responses[0]?.status, 200);
    assert.equal(await closingRecord(on.gateway.port), true, 'the last record is an alert');
  });

  it('a client that says close_notify between requests is let go', async () => {
    const open = await client();
    await callOn(open, 'GET /');
    const before = await on.gateway.metric('stoa_downstream_connections');
    open.socket.end();
    await until(
      'the connection is closed',
      async () => (await on.gateway.metric('stoa_downstream_connections')) < before,
    );
  });
});

/**
 * Whether the last record before the end is an alert. In TLS 1.2 the type of a record is not
 * encrypted: a relay sees it. Source: RFC 5246 §6.2.1, §7.2.1.
 */
async function closingRecord(port: number): Promise<boolean> {
  let types: number[] = [];
  const relay = createServer((near) => {
    const far = connect({ port, host: '127.0.0.1' });
    const seen: Buffer[] = [];
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      seen.push(chunk);
      near.write(chunk);
    });
    far.on('end', () => {
      types = recordTypes(Buffer.concat(seen));
      near.end();
    });
    for (const socket of [near, far]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => {
    relay.listen(0, '127.0.0.1', resolve);
  });
  const at = relay.address();
  assert.ok(at !== null && typeof at === 'object');
  const open = await openTls(at.port, trusting(pki, { maxVersion: 'TLSv1.2' }));
  open.send(requestBytes('GET /', { headers: { Connection: 'close' } }));
  await open.read(({ closed }) => closed, { timeoutMs: 5000 });
  open.close();
  relay.close();
  return types.at(-1) === 21;
}

function recordTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
    types.push(bytes[at] ?? 0);
  }
  return types;
}

describe('large bodies over TLS', () => {
  const SIZE_BYTES = 10 << 20;
  const on = httpStage((url) => `${upstreamYaml(url)}${ROUTES}`, { listeners: LISTENERS });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`10 MB come down and go up unchanged (${version})`, async () => {
      const { port } = on.gateway;
      const down = new Source(SIZE_BYTES);
      const up = new Source(SIZE_BYTES);
      const received: ReturnType<typeof drained>[] = [];
      on.upstream.handler = (incoming, response) => {
        if (incoming.method === 'GET') {
          response.writeHead(200, { 'content-length': String(SIZE_BYTES) });
          down.pipe(response);
          return;
        }
        incoming.on('end', () => response.end('ok'));
        received.push(drained(incoming));
      };
      const agent = new Agent({
        ...trusting(pki, { minVersion: version, maxVersion: version }),
        keepAlive: true,
      });
      const ask = (method: string, source?: Source) =>
        new Promise<Awaited<ReturnType<typeof drained>>>((resolve, reject) => {
          const headers = source === undefined ? {} : { 'content-length': String(SIZE_BYTES) };
          const outgoing = request({ host: '127.0.0.1', port, agent, method, headers });
          outgoing.on('error', reject);
          outgoing.on('response', (response) => {
            drained(response).then(resolve, reject);
          });
          if (source === undefined) outgoing.end();
          else source.pipe(outgoing);
        });
      const got = await ask('GET');
      assert.deepEqual(got, { bytes: SIZE_BYTES, digest: down.digest() });
      await ask('PUT', up);
      assert.deepEqual(await received.at(-1), { bytes: SIZE_BYTES, digest: up.digest() });
      agent.destroy();
    });
  }
});

/** How long it takes until the connection ends, in milliseconds; fails when it does not. */
async function endMs(open: RawClient): Promise<number> {
  const since = Date.now();
  const seen = await open.read(({ closed }) => closed, { timeoutMs: 5000 });
  assert.ok(seen.closed, 'it is still open');
  return Date.now() - since;
}

describe('on a port with TLS', () => {
  const on = stage((url) => `${upstreamYaml(url)}${ROUTES}`, { listeners: LISTENERS });

  it('who says nothing is closed after headMs', async () => {
    const open = await RawClient.open(on.gateway.port);
    const took = await endMs(open);
    assert.ok(took >= HEAD_MS - 100 && took < HEAD_MS + 1000, `${took} ms`);
    open.close();
  });

  it('a handshake that trickles is closed after headMs, counted from its beginning', async () => {
    const open = await RawClient.open(on.gateway.port);
    // A ClientHello is announced with 512 bytes; one byte of it comes every 100 ms.
    open.send(Buffer.from([22, 3, 1, 2, 0, 1]));
    const trickle = setInterval(() => open.send(Buffer.from([0])), 100);
    const took = await endMs(open).finally(() => clearInterval(trickle));
    assert.ok(took >= HEAD_MS - 100 && took < HEAD_MS + 1000, `${took} ms`);
    open.close();
  });

  it('a head that never ends is 408 after headMs, as without TLS', async () => {
    const open = await openTls(on.gateway.port, trusting(pki));
    open.send('GET / HTTP/1.1\r\nHost: gw.');
    const seen = await open.read(({ responses }) => responses.length > 0, { timeoutMs: 5000 });
    assert.equal(seen.responses[0]?.status, 408);
    open.close();
  });

  it('garbage gets an alert, the end, and counts as one failure', async () => {
    const before = await on.gateway.metric('stoa_tls_failures_total', { reason: 'protocol' });
    const socket = connect({ port: on.gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    const open = RawClient.on(socket);
    open.send('\x00\x01\x02 this is no ClientHello at all');
    const seen = await open.read(({ closed }) => closed, { timeoutMs: 5000 });
    assert.equal(seen.bytes[0], 21, 'the first record is an alert');
    assert.ok(seen.closed);
    // What still comes while the connection lingers is nobody's business.
    open.send('and more of it');
    await sleep(100);
    open.send('and more of it');
    await sleep(200);
    open.close();
    const after = await on.gateway.metric('stoa_tls_failures_total', { reason: 'protocol' });
    assert.equal(after - before, 1);
    assert.equal(on.upstream.requests.length, 0);
  });

  it('plain HTTP is not answered as HTTP, and reaches nobody', async () => {
    await assert.rejects(call(on.gateway.port, 'GET /plain'));
    assert.equal(on.upstream.requests.length, 0);
  });

  it('clients that leave in the middle of a handshake leave nothing behind', async () => {
    for (let count = 0; count < 50; count++) {
      const open = await RawClient.open(on.gateway.port);
      open.send(Buffer.from([22, 3, 1, 2, 0, 1]));
      open.close();
    }
    await until(
      'no connection is left',
      async () => (await on.gateway.metric('stoa_downstream_connections')) === 0,
    );
    assert.equal((await callTls(on.gateway.port, 'GET /', trusting(pki))).status, 200);
  });
});
