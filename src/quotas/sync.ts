/**
 * Reports what this gateway admits to the shared count, and learns from it what all admitted.
 *
 * Every `syncMs` one round: what is new goes out, the totals come back. A round that fails puts `whenUnavailable` in
 * force; the next that succeeds takes it back, and has then reported everything admitted meanwhile.
 * Bounds: one round at a time; `BATCH_MAX` reports in one call, `CONTRIBUTIONS_MAX` windows known; between attempts
 * `syncMs`, then twice as long each time up to `RETRY_MAX_MS`, give or take a quarter.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';

import type { QuotaMode, QuotaStoreCounts } from '../native/addon.ts';
import { describeError, type Log } from '../telemetry/log.ts';
import { type Contribution, Contributions } from './contributions.ts';
import type { QuotaLedger } from './ledger.ts';
import type { Counted, Store } from './store.ts';

const BATCH_MAX = 1024;
/** Windows that this gateway did nothing for are asked about in turns: so many a round. */
const REFRESH_MAX = 32;
const CONTRIBUTIONS_MAX = 131_072;
/** All windows twice: a loss may be noticed at the last. */
const PASSES_MAX = (2 * CONTRIBUTIONS_MAX) / BATCH_MAX;
const RETRY_MAX_MS = 2000;

export interface SyncOptions {
  readonly syncMs: number;
  readonly whenUnavailable: QuotaMode;
}

export class QuotaSync {
  readonly #ledger: QuotaLedger;
  readonly #open: () => Promise<Store>;
  readonly #options: SyncOptions;
  readonly #log: Log;
  readonly #contributions: Contributions;
  #store: Store | undefined;
  #up = false;
  #told = false;
  #lossTold = false;
  #syncedAtMs = performance.now();
  #rounds = 0;
  #failures = 0;
  #losses = 0;
  #inVain = 0;
  #stopping = false;
  #wake: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  /** `open` rejects when there is nobody to connect to. */
  constructor(use: {
    readonly ledger: QuotaLedger;
    readonly open: () => Promise<Store>;
    readonly options: SyncOptions;
    readonly log: Log;
  }) {
    this.#ledger = use.ledger;
    this.#open = use.open;
    this.#options = use.options;
    this.#log = use.log;
    this.#contributions = new Contributions(
      randomBytes(9).toString('base64url'),
      CONTRIBUTIONS_MAX,
    );
  }

  get counts(): QuotaStoreCounts {
    return {
      up: this.#up,
      ageMs: performance.now() - this.#syncedAtMs,
      rounds: this.#rounds,
      failures: this.#failures,
      losses: this.#losses,
    };
  }

  /** Until the first round has succeeded, `whenUnavailable` holds. */
  start(): void {
    this.#ledger.mode(this.#options.whenUnavailable);
    this.#running = this.#run();
  }

  /** One last round, if the store is there; then nothing more. What could not be told stays pending. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    if (this.#up) await this.#round();
    this.#store?.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- one round at a time
      await this.#round();
      // oxlint-disable-next-line eslint/no-await-in-loop -- and a pause between two
      if (!this.#stopping) await this.#pause();
    }
  }

  async #round(): Promise<void> {
    try {
      this.#store ??= await this.#connected();
      await this.#exchange(this.#store);
      this.#rounds += 1;
      this.#succeeded();
    } catch (error) {
      this.#failures += 1;
      this.#failed(error);
    }
  }

  /** What was in a count before may have gone with its server. */
  async #connected(): Promise<Store> {
    const store = await this.#open();
    this.#contributions.reportAll();
    return store;
  }

  async #exchange(store: Store): Promise<void> {
    this.#contributions.prune(Date.now());
    for (const amount of this.#ledger.pending(BATCH_MAX)) this.#contributions.observe(amount);
    this.#lossTold = false;
    for (let pass = 0; pass < PASSES_MAX; pass += 1) {
      const due = this.#contributions.due(BATCH_MAX, pass === 0 ? REFRESH_MAX : 0);
      if (due.length === 0) {
        // oxlint-disable-next-line eslint/no-await-in-loop -- once, where there is nothing to report
        if (pass === 0) await store.ping();
        return;
      }
      const reports = due.map(({ key, windowStartMs, windowEndMs, field, amount }) => {
        return { key, windowStartMs, windowEndMs, field, amount };
      });
      // oxlint-disable-next-line eslint/no-await-in-loop -- so that no queue grows
      const counted = await store.report(reports);
      const failed = due.filter((entry, at) => {
        const sent = reports[at]?.amount ?? 0;
        return !this.#settle(entry, sent, counted[at] ?? null);
      });
      if (failed.length > 0) throw new Error(`${failed.length} of ${due.length} not counted`);
    }
  }

  #settle(entry: Contribution, sent: number, counted: Counted | null): boolean {
    if (counted === null) return false;
    const lost = counted.before < entry.confirmed;
    const { key, windowStartMs, windowEndMs, settled } = entry;
    entry.confirmed = Math.max(sent, counted.before);
    entry.due = false;
    entry.settled = Math.max(settled, sent);
    if (sent > settled) {
      this.#ledger.acknowledge([{ key, windowStartMs, windowEndMs, amount: sent - settled }]);
    }
    this.#ledger.total(key, windowStartMs, counted.total);
    if (lost) this.#lost();
    return true;
  }

  #lost(): void {
    if (this.#lossTold) return;
    this.#lossTold = true;
    this.#losses += 1;
    this.#log('warn', 'quota_store_lost', { windows: this.#contributions.size });
    this.#contributions.reportAll();
  }

  #succeeded(): void {
    this.#syncedAtMs = performance.now();
    this.#inVain = 0;
    if (this.#up) return;
    this.#up = true;
    this.#told = false;
    this.#ledger.mode('local');
    this.#log('info', 'quota_store_up');
  }

  #failed(error: unknown): void {
    this.#store?.close();
    this.#store = undefined;
    this.#inVain += 1;
    this.#up = false;
    const { whenUnavailable } = this.#options;
    this.#ledger.mode(whenUnavailable);
    if (this.#told) return;
    this.#told = true;
    this.#log('warn', 'quota_store_down', { message: describeError(error), whenUnavailable });
  }

  #pause(): Promise<void> {
    const { syncMs } = this.#options;
    const doubled = Math.min(RETRY_MAX_MS, syncMs * 2 ** Math.min(16, this.#inVain - 1));
    const waitMs = this.#inVain === 0 ? syncMs : doubled * (0.75 + Math.random() / 2);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
