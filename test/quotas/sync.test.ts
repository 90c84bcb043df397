/**
 * Several gateways over one real Redis: how far a quota is exceeded, and what becomes of it when Redis goes and comes.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { until } from '../../arena/host/wait.ts';
import { openRedis } from '../../src/quotas/redis.ts';
import { QuotaSync } from '../../src/quotas/sync.ts';
import type { QuotaMode } from '../../src/native/addon.ts';
import { optionsOf } from '../support/quota-store.ts';
import { RedisServer, redisMissing } from '../support/redis.ts';
import { CountingLedger } from './counting-ledger.ts';

const SYNC_MS = 20;
const KEY = '0123456789abcdef0123456789abcdef';
const START_MS = Math.floor(Date.now() / 86_400_000) * 86_400_000;

interface Peer {
  readonly ledger: CountingLedger;
  readonly sync: QuotaSync;
  readonly lines: string[];
}

const skip = redisMissing() ?? false;

describe('gateways that share quotas', { skip }, () => {
  let redis: RedisServer;
  const peers: Peer[] = [];
  beforeEach(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(peers.splice(0).map(({ sync }) => sync.stop()));
    await redis.stop();
  });

  function join(quota: number, whenUnavailable: QuotaMode = 'local'): Peer {
    const ledger = new CountingLedger(quota, START_MS);
    const lines: string[] = [];
    const options = optionsOf(
      `url: "redis://127.0.0.1:${redis.port}", syncMs: ${SYNC_MS}, timeoutMs: 200, whenUnavailable: ${whenUnavailable}`,
    );
    const sync = new QuotaSync({
      ledger,
      open: () => openRedis(options),
      options,
      log: (_level, event) => lines.push(event),
    });
    sync.start();
    const peer = { ledger, sync, lines };
    peers.push(peer);
    return peer;
  }

  const up = (wanted: boolean) =>
    until(`all are ${wanted ? 'up' : 'down'}`, () =>
      Promise.resolve(peers.every(({ sync }) => sync.counts.up === wanted)),
    );

  const admittedByAll = () => peers.reduce((sum, { ledger }) => sum + ledger.used(KEY), 0);

  const inRedis = () =>
    Number(redis.ask('HGET', `stoa:quota:${START_MS}-${START_MS + 86_400_000}:${KEY}`, 't') || 0);

  const shared = () =>
    until('Redis has everything', () => Promise.resolve(inRedis() === admittedByAll()));

  /** Everybody knows everything. */
  const agreed = () =>
    until('all know of each other', () =>
      Promise.resolve(
        peers.every(({ ledger }) => ledger.used(KEY) + ledger.others(KEY) === admittedByAll()),
      ),
    );

  it('counts what each admitted once, and refuses everywhere what is used up anywhere', async () => {
    const [one, two, three] = [join(100), join(100), join(100)];
    await up(true);
    for (let at = 0; at < 60; at += 1) assert.ok(one.ledger.admit(KEY));
    for (let at = 0; at < 30; at += 1) assert.ok(two.ledger.admit(KEY));
    await shared();
    assert.ok(three.ledger.admit(KEY), 'it has not heard of the others yet');
    await agreed();
    assert.equal(inRedis(), 91);
    for (let at = 0; at < 9; at += 1) assert.ok(three.ledger.admit(KEY));
    await agreed();
    for (const { ledger } of peers) assert.equal(ledger.admit(KEY), false);
    assert.equal(admittedByAll(), 100);
  });

  it('exceeds a quota by no more than was admitted until each had told and then asked', async () => {
    const quota = 200;
    join(quota);
    join(quota);
    join(quota);
    await up(true);
    let reached: number[] | undefined;
    let told: number[] | undefined;
    let excess = 0;
    const rounds = () => peers.map(({ sync }) => sync.counts.rounds);
    const passed = (since: readonly number[], count: number) =>
      rounds().every((round, at) => round >= (since[at] ?? 0) + count);
    // The round under way began before; the next one has everything.
    for (let turn = 0; turn < 4000; turn += 1) {
      for (const [at, { ledger, sync }] of peers.entries()) {
        const asked = told !== undefined && sync.counts.rounds >= (told[at] ?? 0) + 2;
        const admitted = ledger.admit(KEY);
        assert.ok(!(asked && admitted), 'one that has asked lets nobody in');
        if (reached !== undefined && admitted) excess += 1;
      }
      if (reached === undefined && admittedByAll() >= quota) reached = rounds();
      if (reached !== undefined && told === undefined && passed(reached, 2)) told = rounds();
      if (told !== undefined && passed(told, 3)) break;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.ok(told !== undefined && passed(told, 3));
    assert.ok(admittedByAll() <= quota + excess + peers.length);
    assert.ok(admittedByAll() >= quota);
    await agreed();
  });

  it('counts for itself while Redis is gone, and tells afterwards what it admitted', async () => {
    const [one, two] = [join(10), join(10)];
    await up(true);
    for (let at = 0; at < 4; at += 1) assert.ok(one.ledger.admit(KEY));
    assert.ok(two.ledger.admit(KEY));
    await agreed();
    await redis.kill();
    await up(false);
    for (const { ledger } of peers) while (ledger.admit(KEY));
    // Of ten each knew that five were gone.
    assert.equal(admittedByAll(), 15);
    await redis.run();
    await up(true);
    await agreed();
    assert.equal(inRedis(), 15, 'it came back empty, and has what everybody admitted');
    assert.deepEqual(one.lines, [
      'quota_store_up',
      'quota_store_down',
      'quota_store_lost',
      'quota_store_up',
    ]);
  });

  it('refuses or admits all while Redis is gone, as configured', async () => {
    const [deny, allow] = [join(10, 'deny'), join(10, 'allow')];
    await up(true);
    assert.ok(deny.ledger.admit(KEY));
    await shared();
    await redis.kill();
    await up(false);
    assert.equal(deny.ledger.admit(KEY), false);
    for (let at = 0; at < 25; at += 1) assert.ok(allow.ledger.admit(KEY));
    await redis.run();
    await up(true);
    await shared();
    assert.equal(inRedis(), 26);
    await until('it has heard', () => Promise.resolve(deny.ledger.others(KEY) === 25));
    assert.equal(deny.ledger.admit(KEY), false);
    assert.equal(allow.ledger.admit(KEY), false);
  });

  it('takes a Redis that does not answer for one that is gone, and counts nothing twice', async () => {
    const [one, two] = [join(100), join(100)];
    await up(true);
    for (let at = 0; at < 7; at += 1) assert.ok(one.ledger.admit(KEY));
    await shared();
    redis.signal('SIGSTOP');
    for (let at = 0; at < 5; at += 1) assert.ok(two.ledger.admit(KEY));
    for (let at = 0; at < 3; at += 1) assert.ok(one.ledger.admit(KEY));
    await up(false);
    for (let at = 0; at < 6; at += 1) assert.ok(two.ledger.admit(KEY));
    // What was sent before is read now, from connections that nobody waits on any more.
    redis.signal('SIGCONT');
    await up(true);
    await agreed();
    assert.equal(inRedis(), 21);
  });

  it('makes a count anew that somebody emptied, from what each admitted, though nobody does any more', async () => {
    const [one, two] = [join(50), join(50)];
    await up(true);
    for (let at = 0; at < 20; at += 1) assert.ok(one.ledger.admit(KEY));
    for (let at = 0; at < 10; at += 1) assert.ok(two.ledger.admit(KEY));
    await agreed();
    redis.ask('FLUSHALL');
    await shared();
    assert.equal(inRedis(), 30);
    for (const { sync } of peers) assert.equal(sync.counts.losses, 1);
  });

  it('leaves what it could not tell to the next start, and counts what an earlier process told', async () => {
    const first = join(50);
    await up(true);
    for (let at = 0; at < 20; at += 1) assert.ok(first.ledger.admit(KEY));
    await first.sync.stop();
    assert.equal(inRedis(), 20, 'a last round');
    await redis.kill();
    assert.ok(first.ledger.admit(KEY));
    assert.deepEqual(
      first.ledger.pending(10).map(({ amount }) => amount),
      [1],
    );
    await redis.run();
  });

  it('goes on trying when there is no Redis at the start', async () => {
    await redis.kill();
    const deny = join(10, 'deny');
    const local = join(10);
    await until('they have tried', () =>
      Promise.resolve(peers.every(({ sync }) => sync.counts.failures > 1)),
    );
    assert.equal(deny.ledger.admit(KEY), false);
    assert.ok(local.ledger.admit(KEY));
    await redis.run();
    await up(true);
    await shared();
    assert.ok(deny.ledger.admit(KEY));
    assert.deepEqual(deny.lines, ['quota_store_down', 'quota_store_up']);
  });
});
