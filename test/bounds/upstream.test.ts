/**
 * Upstreams that cost more than they should: one that accepts and never answers, one that
 * trickles. Memory stays under a bound per exchange, other upstreams' callers are served, and
 * what is too much is refused at once.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { sleep, until } from '../../arena/host/wait.ts';
import { call } from '../support/raw-client.ts';
import { crowd, disperse, isQuiet, othersAreServed, PATIENCE, SCALE } from './crowd.ts';

const KIB = 1024;
const SLACK_BYTES = 24 * KIB * KIB;
const EXCHANGE_MAX_BYTES = 64 * KIB;
/** The upstream is in the test's own process, which has every client to look after, too. */
const CONNECT_MS = 1000 * PATIENCE;
const TRICKLE_BYTES = 20;

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: gw.test\r\n\r\n`;
}

describe('upstreams that cost more than they should', () => {
  let gateway: Gateway;
  let upstream: RecordingUpstream;

  before(async () => {
    upstream = await RecordingUpstream.start(async ({ target }, { socket }) => {
      if (target === '/silent' || target === '/few') return null;
      if (target !== '/trickle') return ok();
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${TRICKLE_BYTES}\r\n\r\n`);
      for (let count = 0; count < TRICKLE_BYTES && socket.writable; count++) {
        socket.write('t');
        await sleep(50);
      }
      return null;
    });
    const endpoints = `endpoints: [{ url: "${upstream.url}" }]`;
    gateway = await startGateway(`
limits: { exchangesMax: ${600 * SCALE} }
upstreams:
  silent: { ${endpoints}, timeouts: { connectMs: ${CONNECT_MS}, responseMs: ${2500 * PATIENCE} }, connections: { max: 65536 } }
  trickle: { ${endpoints}, timeouts: { connectMs: ${CONNECT_MS}, idleMs: ${2000 * PATIENCE} }, connections: { max: 65536 } }
  few: { ${endpoints}, timeouts: { responseMs: 1500 }, connections: { max: 2, idleMax: 2, pendingMax: 3 } }
  up: { ${endpoints}, timeouts: { connectMs: ${CONNECT_MS} } }
routes:
  - { name: silent, match: { path: /silent }, upstream: silent }
  - { name: trickle, match: { path: /trickle }, upstream: trickle }
  - { name: few, match: { path: /few }, upstream: few }
  - { name: other, match: { path: /other }, upstream: up }
`);
    await othersAreServed(gateway, 200);
  });
  after(async () => {
    await stopAll(gateway, upstream);
  });

  it('one that never answers: everybody waiting gets a 504, the others their answers', async (t) => {
    const count = 300 * SCALE;
    const start = gateway.workerBytes();
    const waiting = await crowd(gateway.port, count, get('/silent'));
    await othersAreServed(gateway);
    const growth = gateway.workerBytes() - start;
    t.diagnostic(`${Math.round(growth / KIB)} KiB for ${count} exchanges`);
    assert.ok(growth < SLACK_BYTES + count * EXCHANGE_MAX_BYTES, `grew by ${growth} bytes`);

    const statusOf = (index: number) => waiting[index]?.seen().responses[0]?.status;
    await until(
      'all are answered',
      () => waiting.every((_, index) => statusOf(index) !== undefined),
      8000 * PATIENCE,
    );
    assert.ok(waiting.every((_, index) => statusOf(index) === 504));
    disperse(waiting);
    await isQuiet(gateway);
  });

  it('one that trickles: every byte arrives, the others get their answers', async (t) => {
    const count = 100 * SCALE;
    const start = gateway.workerBytes();
    const reading = await crowd(gateway.port, count, get('/trickle'));
    await othersAreServed(gateway);
    const growth = gateway.workerBytes() - start;
    t.diagnostic(`${Math.round(growth / KIB)} KiB for ${count} exchanges`);
    assert.ok(growth < SLACK_BYTES + count * EXCHANGE_MAX_BYTES, `grew by ${growth} bytes`);

    const isWhole = () =>
      reading.every((client) => client.seen().responses[0]?.body.length === TRICKLE_BYTES);
    await until('all have everything', isWhole, 15_000 * PATIENCE);
    disperse(reading);
    await isQuiet(gateway);
  });

  it('more exchanges than there may be: the rest is refused at once, and later served', async () => {
    const tooMany = 650 * SCALE;
    const waiting = await crowd(gateway.port, tooMany, get('/silent'));
    const statuses = () => waiting.map((client) => client.seen().responses[0]?.status ?? 0);
    await until(
      'all are answered',
      () => statuses().every((status) => status !== 0),
      10_000 * PATIENCE,
    );
    const refused = statuses().filter((status) => status === 503).length;
    assert.equal(refused, tooMany - 600 * SCALE);
    disperse(waiting);
    await isQuiet(gateway);
    await othersAreServed(gateway);
  });

  it('more requests than may wait for a connection: the rest is refused at once', async () => {
    const waiting = await crowd(gateway.port, 10, get('/few'));
    await until('five are refused', () => {
      const done = waiting.filter((client) => client.seen().responses[0]?.status === 503);
      return done.length === 5;
    });
    assert.equal((await call(gateway.port, 'GET /few')).problem, 'overloaded');
    await othersAreServed(gateway, 5);
    disperse(waiting);
    await isQuiet(gateway);
  });
});
