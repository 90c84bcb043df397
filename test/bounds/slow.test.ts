/**
 * The slow attacks: heads, bodies and reading a few bytes at a time, and heads full of ranges; the
 * short form of what slowhttptest does. Meanwhile others are served and memory stays under a
 * bound. On the native front an attacker has no more connections than `perAddressMax`, and loses
 * those when a time of `connections` is over.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { growthDuring, Source } from '../support/flow.ts';
import { FRONT, type Gateway, startGateway } from '../support/gateway.ts';
import { HttpUpstream } from '../support/http-upstream.ts';
import { Answer, type RawClient } from '../support/raw-client.ts';
import { upstreamYaml } from '../support/stage.ts';
import { until } from '../../arena/host/wait.ts';
import { crowd, disperse, isQuiet, othersAreServed } from './crowd.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const ATTACKER = '127.0.0.2';
const ATTACKERS = 300;
const PER_ADDRESS_MAX = 200;
const HEAD_MS = 1500;
const SEND_IDLE_MS = 1000;
/** A body's pace counts after 10 s. */
const BODY_ENDS_MS = 13_000;
/** A scan of the deadlines, and a busy machine. */
const LATE_MS = 3000;
const PIECE_MS = 100;

/** What the allocators may take on top, whatever the number of connections. */
const SLACK_BYTES = 24 * MIB;
const SLOW_MAX_BYTES = 48 * KIB;
const UNREAD_MAX_BYTES = MIB;

const HOST = 'Host: gw.test\r\n';
const OPEN = 'stoa_downstream_connections';
const REFUSED = 'stoa_downstream_connections_refused_total';
const isNative = FRONT === 'native';
/** How many of the attackers get in. */
const HELD = isNative ? PER_ADDRESS_MAX : ATTACKERS;

/** Does something to each of them every `PIECE_MS`, until told to stop. */
function keepAt(clients: readonly RawClient[], act: (client: RawClient) => void): () => void {
  const timer = setInterval(() => {
    for (const client of clients) act(client);
  }, PIECE_MS);
  return () => clearInterval(timer);
}

/** The codes of what the clients were answered, each counted. */
function codesOf(clients: readonly RawClient[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const client of clients) {
    const [first] = client.seen().responses;
    if (first === undefined) continue;
    const { problem, status } = new Answer(first);
    const code = problem ?? `${status}`;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

async function areClosed(attackers: readonly RawClient[], withinMs: number): Promise<void> {
  const isOver = () => attackers.every((client) => client.seen().closed);
  await until('the attackers are closed', isOver, withinMs);
}

/** A request that asks for the same bytes over and over. */
function rangesHead(count: number): string {
  const ranges = Array.from({ length: count }, (_, at) => `5-${at}`).join(',');
  return `GET /ranges HTTP/1.1\r\n${HOST}Range: bytes=0-,${ranges}\r\n\r\n`;
}

describe('slow attacks', () => {
  let gateway: Gateway;
  let upstream: HttpUpstream;

  before(async () => {
    upstream = await HttpUpstream.start((request, response) => {
      request.resume();
      if (request.url === '/big') new Source(64 * MIB).pipe(response);
      else request.once('end', () => response.end('ok'));
    });
    const connections = `{ headMs: ${HEAD_MS}, sendIdleMs: ${SEND_IDLE_MS}, bodyBytesPerSecondMin: 64, max: 1000, perAddressMax: ${PER_ADDRESS_MAX} }`;
    gateway = await startGateway(
      `${upstreamYaml(upstream.url)}
routes: [{ name: all, upstream: up }]
`,
      isNative ? { connections } : {},
    );
    await othersAreServed(gateway, 200);
  });
  after(() => stopAll(gateway, upstream));

  /** Attackers come and send; others are served, and no more memory is taken than `bytesEach`. */
  async function attack(
    t: TestContext,
    { first, count, bytesEach }: { first: string; count: number; bytesEach: number },
    act: (attackers: RawClient[]) => Promise<void>,
  ): Promise<void> {
    let attackers: RawClient[] = [];
    const growth = await growthDuring(gateway, async () => {
      attackers = await crowd(gateway.port, count, first, ATTACKER);
      try {
        await act(attackers);
      } finally {
        disperse(attackers);
      }
    });
    t.diagnostic(`${Math.round(growth / KIB)} KiB at most for ${count} attackers`);
    assert.ok(growth < SLACK_BYTES + count * bytesEach, `grew by ${growth} bytes`);
    await isQuiet(gateway);
    await othersAreServed(gateway, 10);
  }

  /** The attacker has what one address may have, and no more; who came later was closed at once. */
  async function areBounded(attackers: readonly RawClient[], refusedBefore: number): Promise<void> {
    if (!isNative) return;
    const isOver = () => attackers.filter((client) => client.seen().closed).length;
    await until('too many are closed', () => isOver() >= ATTACKERS - PER_ADDRESS_MAX);
    assert.ok((await gateway.metric(OPEN)) <= PER_ADDRESS_MAX + 1);
    assert.equal(await gateway.metric(REFUSED), refusedBefore + ATTACKERS - PER_ADDRESS_MAX);
  }

  it('slow heads: others are served, and the heads are 408 when their time is over', async (t) => {
    const refused = await gateway.metric(REFUSED);
    const first = `GET /slow HTTP/1.1\r\n${HOST}X-A: `;
    await attack(t, { first, count: ATTACKERS, bytesEach: SLOW_MAX_BYTES }, async (attackers) => {
      const stop = keepAt(attackers, (client) => client.send('a'));
      try {
        await areBounded(attackers, refused);
        await othersAreServed(gateway);
        if (!isNative) return;
        await areClosed(attackers, HEAD_MS + LATE_MS);
        assert.deepEqual(codesOf(attackers), { request_head_timeout: HELD });
      } finally {
        stop();
      }
    });
  });

  it('slow bodies: others are served, and too slow a pace is the end', async (t) => {
    const refused = await gateway.metric(REFUSED);
    const first = `POST /slow HTTP/1.1\r\n${HOST}Content-Length: 4000\r\n\r\n`;
    await attack(t, { first, count: ATTACKERS, bytesEach: SLOW_MAX_BYTES }, async (attackers) => {
      const stop = keepAt(attackers, (client) => client.send('b'));
      try {
        await areBounded(attackers, refused);
        await othersAreServed(gateway);
        await areClosed(attackers, BODY_ENDS_MS + LATE_MS);
        if (isNative) assert.deepEqual(codesOf(attackers), { request_body_timeout: HELD });
      } finally {
        stop();
      }
    });
  });

  it('slow reading: others are served, and who takes next to nothing is closed', async (t) => {
    const first = `GET /big HTTP/1.1\r\n${HOST}\r\n`;
    await attack(t, { first: '', count: 30, bytesEach: UNREAD_MAX_BYTES }, async (attackers) => {
      for (const client of attackers) {
        client.socket.pause();
        client.send(first);
      }
      const stop = keepAt(attackers, ({ socket }) => socket.read(5));
      try {
        if (isNative) assert.ok((await gateway.metric(OPEN)) >= attackers.length);
        await othersAreServed(gateway);
        if (!isNative) return;
        const none = async () => (await gateway.metric(OPEN)) === 0;
        await until('the attackers are closed', none, SEND_IDLE_MS + 2 * LATE_MS);
      } finally {
        stop();
      }
    });
  });

  it('many ranges: passed on to who must know them, up to the largest head', async (t) => {
    for (const [count, code] of [
      [1500, '200'],
      [10_000, 'head_too_large'],
    ] as const) {
      const plan = { first: rangesHead(count), count: PER_ADDRESS_MAX, bytesEach: SLOW_MAX_BYTES };
      await attack(t, plan, async (attackers) => {
        await othersAreServed(gateway);
        const answered = (): boolean =>
          attackers.every((client) => client.seen().responses.length > 0 || client.seen().closed);
        await until('all are answered', answered, LATE_MS);
        assert.deepEqual(codesOf(attackers), { [code]: PER_ADDRESS_MAX });
      });
    }
  });
});
