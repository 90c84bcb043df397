/**
 * A gateway's count of quotas with the same contract as the native one, without a gateway: for tests that need many
 * gateways, or every step of one.
 *
 * @module
 */

import type { QuotaAmount, QuotaMode } from '../../src/native/addon.ts';
import type { QuotaLedger } from '../../src/quotas/ledger.ts';

interface Counter {
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  used: number;
  acknowledged: number;
  others: number;
}

/** Far enough away that no test meets the end of its window. */
const WINDOW_MS = 86_400_000;

export class CountingLedger implements QuotaLedger {
  readonly #counters = new Map<string, Counter>();
  readonly #quota: number;
  readonly #startMs: number;
  current: QuotaMode = 'local';

  constructor(quota: number, startMs: number) {
    this.#quota = quota;
    this.#startMs = startMs;
  }

  /** One request; whether it is let in. */
  admit(key: string): boolean {
    if (this.current === 'deny') return false;
    const counter = this.#counter(key);
    if (this.current === 'local' && counter.used + counter.others >= this.#quota) return false;
    counter.used += 1;
    return true;
  }

  /** What this gateway let in. */
  used(key: string): number {
    return this.#counters.get(key)?.used ?? 0;
  }

  others(key: string): number {
    return this.#counters.get(key)?.others ?? 0;
  }

  pending(max: number): QuotaAmount[] {
    return [...this.#counters]
      .filter(([, { used, acknowledged }]) => used > acknowledged)
      .slice(0, max)
      .map(([key, { windowStartMs, windowEndMs, used, acknowledged }]) => {
        return { key, windowStartMs, windowEndMs, amount: used - acknowledged };
      });
  }

  acknowledge(entries: readonly QuotaAmount[]): void {
    for (const { key, amount } of entries) this.#counter(key).acknowledged += amount;
  }

  total(key: string, _windowStartMs: number, total: number): boolean {
    const counter = this.#counter(key);
    counter.others = Math.max(0, total - counter.acknowledged);
    return true;
  }

  mode(mode: QuotaMode): void {
    this.current = mode;
  }

  #counter(key: string): Counter {
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    const windowEndMs = this.#startMs + WINDOW_MS;
    const fresh = {
      windowStartMs: this.#startMs,
      windowEndMs,
      used: 0,
      acknowledged: 0,
      others: 0,
    };
    this.#counters.set(key, fresh);
    return fresh;
  }
}
