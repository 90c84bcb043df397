/**
 * Clients that cost more than they should: idle ones, slow ones, ones that never read. Memory
 * stays under a bound per connection and others are served. `STOA_TEST_LONG=1` brings ten times
 * as many.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { HttpUpstream } from '../support/http-upstream.ts';
import { kernelBufferMaxBytes, Source } from '../support/flow.ts';
import { RawClient } from '../support/raw-client.ts';
import { sleep, until } from '../../arena/host/wait.ts';
import { crowd, disperse, isQuiet, othersAreServed, PATIENCE, SCALE } from './crowd.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What the allocators may take on top, whatever the number of connections. */
const SLACK_BYTES = 24 * MIB;
const IDLE_MAX_BYTES = 4 * KIB;
const SLOW_MAX_BYTES = 48 * KIB;
const UNREAD_MAX_BYTES = MIB;

describe('clients that cost more than they should', () => {
  let gateway: Gateway;
  let upstream: HttpUpstream;
  const sources: Source[] = [];

  before(async () => {
    upstream = await HttpUpstream.start((request, response) => {
      request.resume();
      if (request.url !== '/big') {
        response.end('ok');
        return;
      }
      const source = new Source(512 * MIB);
      sources.push(source);
      source.pipe(response);
    });
    gateway = await startGateway(`
upstreams:
  up:
    endpoints: [{ url: "${upstream.url}" }]
    timeouts: { connectMs: ${1000 * PATIENCE}, responseMs: ${10_000 * PATIENCE} }
limits: { bodyIdleMs: 9000 }
routes: [{ name: all, upstream: up }]
`);
    await othersAreServed(gateway, 200);
  });
  after(async () => {
    await stopAll(gateway, upstream);
  });

  async function within(
    t: TestContext,
    bytesEach: number,
    count: number,
    work: () => Promise<void>,
  ) {
    const start = gateway.workerBytes();
    await work();
    const growth = gateway.workerBytes() - start;
    t.diagnostic(`${Math.round(growth / KIB)} KiB for ${count} connections`);
    const bound = SLACK_BYTES + count * bytesEach;
    assert.ok(growth < bound, `${growth} bytes for ${count} connections, above ${bound}`);
  }

  it('idle connections', async (t) => {
    const count = 1000 * SCALE;
    await within(t, IDLE_MAX_BYTES, count, async () => {
      const idle = await crowd(gateway.port, count);
      await othersAreServed(gateway);
      disperse(idle);
    });
    await othersAreServed(gateway);
  });

  it('clients in the middle of a head', async (t) => {
    const count = 500 * SCALE;
    await within(t, SLOW_MAX_BYTES, count, async () => {
      const slow = await crowd(gateway.port, count, 'GET /slow HTTP/1.1\r\nHost: gw.test\r\nX-A: ');
      for (let round = 0; round < 3; round++) {
        for (const client of slow) client.send('a'.repeat(100));
        await othersAreServed(gateway, 20);
      }
      for (const client of slow) client.send('\r\n\r\n');
      await until(
        'the slow are answered',
        () =>
          slow.every(
            (client) => client.seen().responses[0]?.status === 200 || client.seen().closed,
          ),
        10_000 * PATIENCE,
      );
      disperse(slow);
    });
    await isQuiet(gateway);
  });

  it('clients in the middle of a body', async (t) => {
    const count = 500 * SCALE;
    await within(t, SLOW_MAX_BYTES, count, async () => {
      const head = 'POST /slow HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 4000\r\n\r\n';
      const slow = await crowd(gateway.port, count, head);
      for (let round = 0; round < 3; round++) {
        for (const client of slow) client.send('b'.repeat(1000));
        await othersAreServed(gateway, 20);
      }
      disperse(slow);
    });
    await isQuiet(gateway);
  });

  it('clients that ask for much and read nothing', async (t) => {
    const count = 20 * SCALE;
    await within(t, UNREAD_MAX_BYTES, count, async () => {
      const deaf: RawClient[] = [];
      for (let index = 0; index < count; index++) {
        const client = await RawClient.open(gateway.port);
        client.socket.pause();
        client.send('GET /big HTTP/1.1\r\nHost: gw.test\r\n\r\n');
        deaf.push(client);
      }
      await until('all have arrived', () => sources.length === count, 5000 * PATIENCE);
      await othersAreServed(gateway);
      await sleep(500);
      await othersAreServed(gateway);
      const sent = sources.reduce((sum, source) => sum + source.sent, 0);
      const bound = count * (2 * kernelBufferMaxBytes() + MIB);
      assert.ok(sent < bound, `${sent} bytes were taken from the upstream`);
      disperse(deaf);
    });
    await isQuiet(gateway);
  });

  it('clients that come and go', async (t) => {
    await within(t, 0, 0, async () => {
      for (let round = 0; round < 10; round++) {
        disperse(await crowd(gateway.port, 100, 'GET /other HTTP/1.1\r\nHost: gw.test\r\n\r\n'));
      }
      await othersAreServed(gateway);
    });
    await isQuiet(gateway);
  });
});
