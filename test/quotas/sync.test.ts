/**
 * Several gateways over one real Redis: how far a quota is exceeded, and what becomes of it when Redis goes and comes.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { until } from '../../arena/host/wait.ts';
import { QuotaPeers } from '../support/quota-peers.ts';
import { RedisServer, redisMissing } from '../support/redis.ts';

const KEY = '0123456789abcdef0123456789abcdef';

const skip = redisMissing() ?? false;

describe('gateways that share quotas', { skip }, () => {
  let redis: RedisServer;
  let peers: QuotaPeers;
  beforeEach(async () => {
    redis = await RedisServer.start();
    peers = new QuotaPeers(`url: "redis://127.0.0.1:${redis.port}"`);
  });
  afterEach(async () => {
    await peers.stop();
    await redis.stop();
  });

  const inRedis = () => Number(redis.ask('HGET', peers.keyOf(KEY), 't') || 0);

  const shared = () => until('Redis has everything', () => inRedis() === peers.admitted(KEY));

  it('counts what each admitted once, and refuses everywhere what is used up anywhere', async () => {
    const [one, two, three] = [peers.join(100), peers.join(100), peers.join(100)];
    await peers.reach(true);
    for (let at = 0; at < 60; at += 1) assert.ok(one.ledger.admit(KEY));
    for (let at = 0; at < 30; at += 1) assert.ok(two.ledger.admit(KEY));
    await shared();
    assert.ok(three.ledger.admit(KEY), 'it has not heard of the others yet');
    await peers.agree(KEY);
    assert.equal(inRedis(), 91);
    for (let at = 0; at < 9; at += 1) assert.ok(three.ledger.admit(KEY));
    await peers.agree(KEY);
    for (const { ledger } of peers.all) assert.equal(ledger.admit(KEY), false);
    assert.equal(peers.admitted(KEY), 100);
  });

  it('exceeds a quota by no more than was admitted until each had told and then asked', async () => {
    const quota = 200;
    peers.join(quota);
    peers.join(quota);
    peers.join(quota);
    await peers.reach(true);
    let reached: number[] | undefined;
    let told: number[] | undefined;
    const rounds = () => peers.all.map(({ sync }) => sync.counts.rounds);
    const passed = (since: readonly number[], count: number) =>
      rounds().every((round, at) => round >= (since[at] ?? 0) + count);
    // The round under way began before; the next one has everything.
    for (let turn = 0; turn < 4000; turn += 1) {
      for (const [at, { ledger, sync }] of peers.all.entries()) {
        const asked = told !== undefined && sync.counts.rounds >= (told[at] ?? 0) + 2;
        const admitted = ledger.admit(KEY);
        assert.ok(!(asked && admitted), 'one that has asked lets nobody in');
      }
      if (reached === undefined && peers.admitted(KEY) >= quota) reached = rounds();
      if (reached !== undefined && told === undefined && passed(reached, 2)) told = rounds();
      if (told !== undefined && passed(told, 3)) break;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.ok(told !== undefined && passed(told, 3));
    assert.ok(peers.admitted(KEY) >= quota);
    await peers.agree(KEY);
  });

  it('tells everything in one round, however many windows it is', async () => {
    const { ledger, sync } = peers.join(10);
    await peers.reach(true);
    const windows = 3000;
    for (let at = 0; at < windows; at += 1)
      assert.ok(ledger.admit(at.toString(16).padStart(32, '0')));
    const { rounds } = sync.counts;
    await until('one has begun since and ended', () => sync.counts.rounds >= rounds + 2, 20_000);
    assert.equal(redis.ask('DBSIZE'), String(windows));
    assert.deepEqual(ledger.pending(windows), []);
  });

  it('counts for itself while Redis is gone, and tells afterwards what it admitted', async () => {
    const [one, two] = [peers.join(10), peers.join(10)];
    await peers.reach(true);
    for (let at = 0; at < 4; at += 1) assert.ok(one.ledger.admit(KEY));
    assert.ok(two.ledger.admit(KEY));
    await peers.agree(KEY);
    await redis.kill();
    await peers.reach(false);
    for (const { ledger } of peers.all) while (ledger.admit(KEY));
    // Of ten each knew that five were gone.
    assert.equal(peers.admitted(KEY), 15);
    await redis.run();
    await peers.reach(true);
    await peers.agree(KEY);
    assert.equal(inRedis(), 15, 'it came back empty, and has what everybody admitted');
    assert.deepEqual(one.events, [
      'quota_store_up',
      'quota_store_down',
      'quota_store_lost',
      'quota_store_up',
    ]);
  });

  it('refuses or admits all while Redis is gone, as configured', async () => {
    const [deny, allow] = [peers.join(10, 'deny'), peers.join(10, 'allow')];
    await peers.reach(true);
    assert.ok(deny.ledger.admit(KEY));
    await shared();
    await redis.kill();
    await peers.reach(false);
    assert.equal(deny.ledger.admit(KEY), false);
    for (let at = 0; at < 25; at += 1) assert.ok(allow.ledger.admit(KEY));
    await redis.run();
    await peers.reach(true);
    await shared();
    assert.equal(inRedis(), 26);
    await until('it has heard', () => deny.ledger.others(KEY) === 25);
    assert.equal(deny.ledger.admit(KEY), false);
    assert.equal(allow.ledger.admit(KEY), false);
  });

  it('takes a Redis that does not answer for one that is gone, and counts nothing twice', async () => {
    const [one, two] = [peers.join(100), peers.join(100)];
    await peers.reach(true);
    for (let at = 0; at < 7; at += 1) assert.ok(one.ledger.admit(KEY));
    await shared();
    redis.signal('SIGSTOP');
    for (let at = 0; at < 5; at += 1) assert.ok(two.ledger.admit(KEY));
    for (let at = 0; at < 3; at += 1) assert.ok(one.ledger.admit(KEY));
    await peers.reach(false);
    for (let at = 0; at < 6; at += 1) assert.ok(two.ledger.admit(KEY));
    // What was sent before is read now, from connections that nobody waits on any more.
    redis.signal('SIGCONT');
    await peers.reach(true);
    await peers.agree(KEY);
    assert.equal(inRedis(), 21);
  });

  it('makes a count anew that somebody emptied, from what each admitted, though nobody does any more', async () => {
    const [one, two] = [peers.join(50), peers.join(50)];
    await peers.reach(true);
    for (let at = 0; at < 20; at += 1) assert.ok(one.ledger.admit(KEY));
    for (let at = 0; at < 10; at += 1) assert.ok(two.ledger.admit(KEY));
    await peers.agree(KEY);
    redis.ask('FLUSHALL');
    await shared();
    assert.equal(inRedis(), 30);
    for (const { sync } of peers.all) assert.equal(sync.counts.losses, 1);
  });

  it('leaves what it could not tell to the next start, and counts what an earlier process told', async () => {
    const first = peers.join(50);
    await peers.reach(true);
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
    const deny = peers.join(10, 'deny');
    const local = peers.join(10);
    await until('they have tried', () => peers.all.every(({ sync }) => sync.counts.failures > 1));
    assert.equal(deny.ledger.admit(KEY), false);
    assert.ok(local.ledger.admit(KEY));
    await redis.run();
    await peers.reach(true);
    await shared();
    assert.ok(deny.ledger.admit(KEY));
    assert.deepEqual(deny.events, ['quota_store_down', 'quota_store_up']);
  });
});
