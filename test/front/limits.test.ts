/**
 * What a listener's `connections` promise: how many there may be, and how long each may take.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';

import { kernelBufferMaxBytes } from '../support/flow.ts';
import { Answer, callOn, RawClient } from '../support/raw-client.ts';
import { ok } from '../support/recording-upstream.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const HEAD_MS = 500;
const IDLE_MS = 1000;
const SEND_IDLE_MS = 700;
const MAX = 6;
const PER_ADDRESS_MAX = 4;
/** A scan of the deadlines, and a busy machine. */
const LATE_MS = 600;
/** What a slow reader takes before it pauses. */
const STEP_BYTES = 4 << 20;

const OPEN = 'stoa_downstream_connections';
const REFUSED = 'stoa_downstream_connections_refused_total';

/** Waits until the gateway closes; fails when that is too soon or too late. */
async function closesWithin(client: RawClient, leastMs: number, since: number): Promise<void> {
  const seen = await client.read(() => false, { timeoutMs: leastMs + LATE_MS });
  const tookMs = Date.now() - since;
  assert.ok(seen.closed, 'still open');
  assert.ok(tookMs >= leastMs - 60, `closed after ${tookMs} ms`);
}

describe('connections of a native listener', () => {
  const on = stage(
    (url) => `${upstreamYaml(url)}
routes: [{ name: all, upstream: up }]
`,
    {
      front: 'native',
      connections: `{ headMs: ${HEAD_MS}, idleMs: ${IDLE_MS}, sendIdleMs: ${SEND_IDLE_MS}, max: ${MAX}, perAddressMax: ${PER_ADDRESS_MAX} }`,
    },
  );

  const open = (from?: string): Promise<RawClient> => RawClient.open(on.gateway.port, from);

  /** Waits until no connection of an earlier test is left. */
  async function nobody(): Promise<void> {
    await until('all are closed', async () => (await on.gateway.metric(OPEN)) === 0);
  }

  it('are at most `max`; further ones are closed at once, and counted', async () => {
    await nobody();
    const refused = await on.gateway.metric(REFUSED);
    const clients: RawClient[] = [];
    for (let count = 0; count < MAX; count++)
      clients.push(await open(`127.0.0.${1 + (count % 3)}`));
    await until('all are there', async () => (await on.gateway.metric(OPEN)) === MAX);
    const further = await open('127.0.0.9');
    const seen = await further.read(() => false, { timeoutMs: 1000 });
    assert.ok(seen.closed);
    assert.equal(seen.bytes.length, 0);
    assert.equal(await on.gateway.metric(REFUSED), refused + 1);

    const [first] = clients;
    assert.equal((await callOn(first ?? assert.fail(), 'GET /served')).status, 200);
    for (const client of clients) client.close();
    await nobody();
    const again = await open('127.0.0.9');
    assert.equal((await callOn(again, 'GET /served')).status, 200);
    again.close();
  });

  it('from one address are at most `perAddressMax`; others still come in', async () => {
    await nobody();
    const refused = await on.gateway.metric(REFUSED);
    const clients: RawClient[] = [];
    for (let count = 0; count < PER_ADDRESS_MAX; count++) clients.push(await open('127.0.0.1'));
    const further = await open('127.0.0.1');
    assert.ok((await further.read(() => false, { timeoutMs: 1000 })).closed);
    assert.equal(await on.gateway.metric(REFUSED), refused + 1);
    const other = await open('127.0.0.2');
    assert.equal((await callOn(other, 'GET /served')).status, 200);
    for (const client of [...clients, other]) client.close();
    await nobody();
    const again = await open('127.0.0.1');
    assert.equal((await callOn(again, 'GET /served')).status, 200, 'a place is given back');
    again.close();
  });

  it('get 408 when a head takes longer than `headMs`, however busy its sender is', async () => {
    const client = await open();
    const since = Date.now();
    const trickle = setInterval(() => client.send('X-A: b\r\n'), 50);
    client.send('GET /slow HTTP/1.1\r\nHost: gw.test\r\n');
    const seen = await client.read(() => false, { timeoutMs: HEAD_MS + LATE_MS });
    clearInterval(trickle);
    assert.ok(Date.now() - since >= HEAD_MS - 60);
    assert.ok(seen.closed);
    const answer = new Answer(seen.responses[0] ?? assert.fail('no answer'));
    assert.equal(answer.status, 408);
    assert.equal(answer.problem, 'request_head_timeout');
    assert.equal(answer.header('connection'), 'close');
    assert.equal(on.upstream.requests.length, 0);
    client.close();
  });

  it('get 408 for a slow head behind a request that was served, too', async () => {
    const client = await open();
    assert.equal((await callOn(client, 'GET /served')).status, 200);
    client.forget();
    client.send('GET /slow HTT');
    const seen = await client.read(() => false, { timeoutMs: HEAD_MS + LATE_MS });
    assert.equal(new Answer(seen.responses[0] ?? assert.fail()).problem, 'request_head_timeout');
    client.close();
  });

  it('are closed without an answer after `idleMs` without a request', async () => {
    const since = Date.now();
    const client = await open();
    await closesWithin(client, IDLE_MS, since);
    assert.equal(client.seen().bytes.length, 0);
    client.close();
  });

  it('are closed `idleMs` after their last answer, not after their start', async () => {
    const client = await open();
    await sleep(IDLE_MS / 2);
    const since = Date.now();
    assert.equal((await callOn(client, 'GET /served')).status, 200);
    client.forget();
    await closesWithin(client, IDLE_MS, since);
    client.close();
  });

  it('are closed when their client takes nothing of a response for `sendIdleMs`', async () => {
    await nobody();
    const bytes = kernelBufferMaxBytes() + (4 << 20);
    on.upstream.answer = () => ok('x'.repeat(bytes));
    const client = await open();
    client.socket.pause();
    client.send('GET /big HTTP/1.1\r\nHost: gw.test\r\n\r\n');
    const since = Date.now();
    await until('it has come', async () => (await on.gateway.metric(OPEN)) === 1);
    await nobody();
    assert.ok(Date.now() - since >= SEND_IDLE_MS - 60);
    client.socket.resume();
    const seen = await client.read(() => false);
    assert.ok(seen.closed);
    assert.equal(seen.responses.length, 0, 'a part is not taken for the whole');
    client.close();
  });

  it('stay open for a client that takes a response slowly, but does', async () => {
    const bytes = kernelBufferMaxBytes() + (40 << 20);
    on.upstream.answer = () => ok('x'.repeat(bytes));
    const client = connect({ port: on.gateway.port, host: '127.0.0.1' });
    client.write('GET /big HTTP/1.1\r\nHost: gw.test\r\n\r\n');
    const since = Date.now();
    let taken = 0;
    // The kernel says that there is room when a third of its buffer is free: a few MB a time.
    for await (const chunk of client as AsyncIterable<Buffer>) {
      const step = Math.floor(taken / STEP_BYTES);
      taken += chunk.length;
      if (Math.floor(taken / STEP_BYTES) > step) await sleep(SEND_IDLE_MS / 4);
      if (taken > bytes) break;
    }
    assert.ok(taken > bytes, `cut after ${taken} of ${bytes} bytes`);
    assert.ok(Date.now() - since > 2 * SEND_IDLE_MS, 'it was not slow');
  });
});
