/**
 * Real sets of Redis servers for a test: a primary with a replica and the sentinels that watch them, or a cluster.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';

import { until } from '../../arena/host/wait.ts';
import { RedisServer } from './redis.ts';

const READY_MAX_MS = 30_000;
/** How long a server is silent before it is taken for gone. */
const DOWN_MS = 1000;

export const PRIMARY = 'quotas';

export interface Watched {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Two of the three sentinels are enough to agree. Resolves when they know each other and the replica. */
export async function startWatched(): Promise<Watched> {
  const primary = await RedisServer.start();
  const replica = await RedisServer.start([`replicaof 127.0.0.1 ${primary.port}`]);
  const settings = [
    `sentinel monitor ${PRIMARY} 127.0.0.1 ${primary.port} 2`,
    `sentinel down-after-milliseconds ${PRIMARY} ${DOWN_MS}`,
    `sentinel failover-timeout ${PRIMARY} 5000`,
  ];
  const sentinels: RedisServer[] = [];
  for (let at = 0; at < 3; at += 1) {
    sentinels.push(await RedisServer.start(settings, { sentinel: true }));
  }
  const knows = (sentinel: RedisServer): boolean => {
    const text = sentinel.ask('SENTINEL', 'MASTER', PRIMARY).split('\n');
    const value = (name: string) => text[text.indexOf(name) + 1];
    return value('num-slaves') === '1' && value('num-other-sentinels') === '2';
  };
  await until('the sentinels agree', () => sentinels.every(knows), READY_MAX_MS);
  await until(
    'the replica follows',
    () => replica.ask('INFO', 'replication').includes('master_link_status:up'),
    READY_MAX_MS,
  );
  const all = [...sentinels, replica, primary];
  return {
    primary,
    replica,
    sentinels,
    stop: async () => {
      await Promise.all(all.map((server) => server.stop()));
    },
  };
}

/** Primaries that share the slots. Resolves when each takes commands. */
export async function startCluster(size = 3): Promise<{
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}> {
  const nodes: RedisServer[] = [];
  for (let at = 0; at < size; at += 1) {
    nodes.push(await RedisServer.start(['cluster-enabled yes', 'cluster-node-timeout 2000']));
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
    stdio: 'ignore',
    timeout: READY_MAX_MS,
  });
  await until('the cluster is ready', () => nodes.every(isReady), READY_MAX_MS);
  return {
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

function isReady(node: RedisServer): boolean {
  return node.ask('CLUSTER', 'INFO').includes('cluster_state:ok');
}
