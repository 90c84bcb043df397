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

const BATCH_MAX = 256;
/** Windows that this gateway did nothing for are asked about in turns: so many a round. */
const REFRESH_MAX = 32;
const CONTRIBUTIONS_MAX = 131_072;
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

  /** A loss is mended in the same round; another one meanwhile, in the next. */
  async #exchange(store: Store): Promise<void> {
    this.#contributions.prune(Date.now());
    // Everything at once: a round that left something out would not be whole.
    for (const amount of this.#ledger.pending(CONTRIBUTIONS_MAX)) {
      this.#contributions.observe(amount);
    }
    const due = this.#contributions.due(CONTRIBUTIONS_MAX, REFRESH_MAX);
    if (due.length === 0) {
      await store.ping();
      return;
    }
    if (!(await this.#report(store, due))) return;
    this.#losses += 1;
    this.#log('warn', 'quota_store_lost', { windows: this.#contributions.size });
    this.#contributions.reportAll();
    const all = this.#contributions.due(CONTRIBUTIONS_MAX, 0);
    if (await this.#report(store, all)) this.#contributions.reportAll();
  }

  /** Whether something was found to be lost. */
  async #report(store: Store, due: readonly Contribution[]): Promise<boolean> {
    let lost = false;
    for (let from = 0; from < due.length; from += BATCH_MAX) {
      const batch = due.slice(from, from + BATCH_MAX);
      const reports = batch.map(({ key, windowStartMs, windowEndMs, field, amount }) => {
        return { key, windowStartMs, windowEndMs, field, amount };
      });
      // oxlint-disable-next-line eslint/no-await-in-loop -- so that no queue grows
      const counted = await store.report(reports);
      const failed = batch.filter((entry, at) => {
        const one = counted[at] ?? null;
        if (one === null) return true;
        lost = this.#settle(entry, one) || lost;
        return false;
      });
      if (failed.length > 0) throw new Error(`${failed.length} of ${batch.length} not counted`);
    }
    return lost;
  }

  /** Whether there was less of it in the count than before. */
  #settle(entry: Contribution, { total, before }: Counted): boolean {
    const lost = before < entry.confirmed;
    const { key, windowStartMs, windowEndMs, amount, settled } = entry;
    entry.confirmed = Math.max(amount, before);
    entry.due = false;
    entry.settled = amount;
    if (amount > settled) {
      this.#ledger.acknowledge([{ key, windowStartMs, windowEndMs, amount: amount - settled }]);
    }
    this.#ledger.total(key, windowStartMs, total);
    return lost;
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
