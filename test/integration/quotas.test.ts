/**
 * Quotas over Redis with sentinels, whose primary dies, and over a cluster, of which a node goes and comes.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { until } from '../../arena/host/wait.ts';
import { QuotaPeers } from '../support/quota-peers.ts';
import { type RedisServer, redisMissing } from '../support/redis.ts';
import { PRIMARY, startCluster, startWatched } from '../support/redis-sets.ts';

const KEYS = Array.from({ length: 40 }, (_, at) => at.toString(16).padStart(32, '0'));
const FAILOVER_MAX_MS = 60_000;

const skip = redisMissing() ?? false;

function nodesOf(servers: readonly RedisServer[]): string {
  return `[${servers.map(({ port }) => `"127.0.0.1:${port}"`).join(', ')}]`;
}

describe('quotas shared through sentinels', { skip }, () => {
  it('go on with the new primary when the old one dies, with everything that was admitted', async () => {
    const watched = await startWatched();
    const peers = new QuotaPeers(
      `sentinel: { name: ${PRIMARY}, nodes: ${nodesOf(watched.sentinels)} }`,
    );
    try {
      const [one, two] = [peers.join(100), peers.join(100)];
      const [key = ''] = KEYS;
      await peers.reach(true);
      for (let at = 0; at < 30; at += 1) assert.ok(one.ledger.admit(key));
      for (let at = 0; at < 20; at += 1) assert.ok(two.ledger.admit(key));
      await peers.agree(key);
      await watched.primary.kill();
      await peers.reach(false);
      for (let at = 0; at < 10; at += 1) assert.ok(one.ledger.admit(key));
      await peers.reach(true, FAILOVER_MAX_MS);
      await peers.agree(key);
      const total = () => watched.replica.ask('HGET', peers.keyOf(key), 't');
      await until('the new primary has all', () => total() === '60');
      for (let at = 0; at < 40; at += 1) assert.ok(two.ledger.admit(key));
      await peers.agree(key);
      for (const { ledger } of peers.all) assert.equal(ledger.admit(key), false);
    } finally {
      await peers.stop();
      await watched.stop();
    }
  });

  it('are not shared, and say so, when the sentinels know no such primary', async () => {
    const watched = await startWatched();
    const peers = new QuotaPeers(`sentinel: { name: other, nodes: ${nodesOf(watched.sentinels)} }`);
    try {
      const { sync, events } = peers.join(100);
      await until('it has tried', () => sync.counts.failures > 2);
      assert.deepEqual(events, ['quota_store_down']);
    } finally {
      await peers.stop();
      await watched.stop();
    }
  });
});

describe('quotas shared through a cluster', { skip }, () => {
  it('spread over its nodes, and are all there again after one was gone', async () => {
    const cluster = await startCluster();
    const peers = new QuotaPeers(`cluster: ${nodesOf(cluster.nodes)}`);
    try {
      const [one, two] = [peers.join(10), peers.join(10)];
      await peers.reach(true);
      for (const key of KEYS) {
        assert.ok(one.ledger.admit(key));
        assert.ok(two.ledger.admit(key));
      }
      await Promise.all(KEYS.map((key) => peers.agree(key)));
      for (const node of cluster.nodes) assert.ok(Number(node.ask('DBSIZE')) > 0);

      const [first] = cluster.nodes;
      await first?.kill();
      await peers.reach(false, FAILOVER_MAX_MS);
      for (const key of KEYS) assert.ok(one.ledger.admit(key));
      await first?.run();
      await peers.reach(true, FAILOVER_MAX_MS);
      await Promise.all(KEYS.map((key) => peers.agree(key)));
      const sizes = cluster.nodes.map((node) => Number(node.ask('DBSIZE')));
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        KEYS.length,
      );
      for (const key of KEYS) {
        while (two.ledger.admit(key));
        assert.equal(peers.admitted(key), 10);
      }
    } finally {
      await peers.stop();
      await cluster.stop();
    }
  });
});
