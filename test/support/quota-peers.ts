/**
 * Several counts of quotas, as gateways have them, over one shared store: for tests that need many, or every step.
 *
 * @module
 */

import { until } from '../../arena/host/wait.ts';
import type { QuotaMode } from '../../src/native/addon.ts';
import { openRedis } from '../../src/quotas/redis.ts';
import { QuotaSync } from '../../src/quotas/sync.ts';
import { CountingLedger } from './counting-ledger.ts';
import { optionsOf } from './quota-store.ts';

const DAY_MS = 86_400_000;
const SYNC_MS = 20;

interface Peer {
  readonly ledger: CountingLedger;
  readonly sync: QuotaSync;
  /** Names of the events it has logged. */
  readonly events: string[];
}

export class QuotaPeers {
  readonly all: Peer[] = [];
  readonly startMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  readonly #store: string;

  /** `store` says where it is, as keys of `quotas.redis`. */
  constructor(store: string) {
    this.#store = store;
  }

  join(quota: number, whenUnavailable: QuotaMode = 'local'): Peer {
    const ledger = new CountingLedger(quota, this.startMs);
    const events: string[] = [];
    const options = optionsOf(
      `${this.#store}, syncMs: ${SYNC_MS}, timeoutMs: 200, connectMs: 1000, whenUnavailable: ${whenUnavailable}`,
    );
    const sync = new QuotaSync({
      ledger,
      open: () => openRedis(options),
      options,
      log: (_level, event) => events.push(event),
    });
    sync.start();
    const peer = { ledger, sync, events };
    this.all.push(peer);
    return peer;
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map(({ sync }) => sync.stop()));
  }

  /** Until all reach the store, or none does. */
  async reach(wanted: boolean, timeoutMs?: number): Promise<void> {
    const state = () => this.all.every(({ sync }) => sync.counts.up === wanted);
    await until(`all are ${wanted ? 'up' : 'down'}`, state, timeoutMs);
  }

  /** What all of them have let in. */
  admitted(key: string): number {
    return this.all.reduce((sum, { ledger }) => sum + ledger.used(key), 0);
  }

  /** Until each knows of all others. */
  async agree(key: string, timeoutMs?: number): Promise<void> {
    const knows = () =>
      this.all.every(({ ledger }) => ledger.used(key) + ledger.others(key) === this.admitted(key));
    await until(`all agree on ${key}`, knows, timeoutMs);
  }

  /** The key of its count in Redis. */
  keyOf(key: string): string {
    return `stoa:quota:${this.startMs}-${this.startMs + DAY_MS}:${key}`;
  }
}
