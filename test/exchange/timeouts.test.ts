/**
 * Every timeout ends its exchange with its own problem code, and nobody else's exchange.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { DeafPort } from '../support/deaf-port.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { call, RawClient } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { sleep, until } from '../../arena/host/wait.ts';

function timeouts(more: string): string {
  return `timeouts: { connectMs: 400, ${more} }`;
}

describe('timeouts', () => {
  let deaf: DeafPort;
  let upstream: RecordingUpstream;
  let gateway: Gateway;

  before(async () => {
    deaf = await DeafPort.open();
    upstream = await RecordingUpstream.start(async ({ target }, { socket }) => {
      if (target.startsWith('/silent')) return null;
      if (target.startsWith('/half')) {
        return 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
      }
      if (target.startsWith('/head')) return 'HTTP/1.1 200 OK\r\nContent-Le';
      if (target.startsWith('/trickle')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n');
        for (let count = 0; count < 20 && socket.writable; count++) {
          socket.write('x');
          await sleep(100);
        }
        return null;
      }
      return ok();
    });
    gateway = await startGateway(`
limits: { bodyIdleMs: 700 }
upstreams:
  deaf: { endpoints: [{ url: "http://127.0.0.1:${deaf.port}" }], ${timeouts('responseMs: 5000')} }
  up: { endpoints: [{ url: "${upstream.url}" }], ${timeouts('responseMs: 600, idleMs: 600')} }
  total: { endpoints: [{ url: "${upstream.url}" }], ${timeouts('responseMs: 5000, idleMs: 5000, totalMs: 800')} }
routes:
  - { name: deaf, match: { path: /deaf }, upstream: deaf }
  - { name: total, match: { path: /total/* }, upstream: total, request: { path: { stripPrefix: /total } } }
  - { name: up, upstream: up }
`);
  });
  after(async () => {
    await stopAll(gateway, upstream, deaf);
  });

  /** Nothing of an exchange that timed out stays with the gateway or its upstream. */
  async function isForgotten(): Promise<void> {
    await until(
      'no exchange in flight',
      async () => (await gateway.metric('stoa_exchanges_in_flight')) === 0,
    );
    assert.equal((await call(gateway.port, 'GET /')).text, 'ok');
  }

  it('connect', async () => {
    assert.equal((await call(gateway.port, 'GET /deaf')).problem, 'upstream_connect_timeout');
    await isForgotten();
  });

  it('response: nothing comes', async () => {
    assert.equal((await call(gateway.port, 'GET /silent')).problem, 'upstream_response_timeout');
    await isForgotten();
  });

  it('response: half a head comes', async () => {
    assert.equal((await call(gateway.port, 'GET /head')).problem, 'upstream_response_timeout');
    await isForgotten();
  });

  it('response: the upstream is disconnected, so that a late answer finds nobody', async () => {
    upstream.disconnect();
    await call(gateway.port, 'GET /silent');
    const isOver = () => upstream.connections.every(({ closed }) => closed);
    await until('the upstream connection closes', isOver, 2000);
  });

  it('idle: a response that stops is cut', async () => {
    const client = await RawClient.open(gateway.port);
    client.send('GET /half HTTP/1.1\r\nHost: gw.test\r\n\r\n');
    const seen = await client.read(({ closed }) => closed, { timeoutMs: 5000 });
    client.close();
    assert.ok(seen.closed);
    assert.equal(seen.responses.length, 0, 'no whole response');
    assert.ok(seen.bytes.includes('half'));
    await isForgotten();
  });

  it('idle: a response that goes on slowly is not cut', async () => {
    const answer = await call(gateway.port, 'GET /trickle', { timeoutMs: 20_000 });
    assert.equal(answer.text.length, 20);
  });

  it('total: nothing comes', async () => {
    assert.equal((await call(gateway.port, 'GET /total/silent')).problem, 'total_timeout');
    await isForgotten();
  });

  it('total: a response that goes on is cut', async () => {
    await assert.rejects(call(gateway.port, 'GET /total/trickle', { timeoutMs: 5000 }));
    await isForgotten();
  });

  it('request body: a pause is answered with 408 and the end of the connection', async () => {
    const client = await RawClient.open(gateway.port);
    client.send('POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 10\r\n\r\nhello');
    const seen = await client.read(({ closed }) => closed, { timeoutMs: 5000 });
    client.close();
    assert.equal(seen.responses[0]?.status, 408);
    assert.ok(seen.responses[0].body.includes('request_body_timeout'));
    assert.ok(seen.closed);
    await isForgotten();
  });

  it('request body: a slow one is not cut', async () => {
    const client = await RawClient.open(gateway.port);
    client.send('POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 10\r\n\r\n');
    for (const byte of '0123456789') {
      client.send(byte);
      await sleep(150);
    }
    const seen = await client.read(({ responses }) => responses.length > 0, { timeoutMs: 3000 });
    client.close();
    assert.equal(seen.responses[0]?.status, 200);
  });
});
