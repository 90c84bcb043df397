/**
 * The keys of one issuer, kept: fetched when they are first needed, again when they are old, and when a
 * token names one that is not among them.
 *
 * One fetch at a time, and after each `cooldownMs` without one, whatever tokens name. While the issuer
 * can't be reached the last keys count for `staleMs` longer; then there are none, and nobody gets in.
 * Times are milliseconds of the wall clock; where it goes back, keys count as old.
 *
 * @module
 */

import { Deadlines } from './deadline.ts';
import type { SetKey } from './key-set.ts';
import type { KeySource } from './key-source.ts';

export interface Keeping {
  readonly refreshMs: number;
  readonly cooldownMs: number;
  readonly staleMs: number;
}

/** Without any usable key the next try comes this soon, as every caller is refused meanwhile. */
const RETRY_MAX_MS = 1000;

/** Told on each transition only. `reason` is in a few words. */
export type KeysEvent =
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'recovered' };

export class IssuerKeys {
  readonly #source: KeySource;
  readonly #keeping: Keeping;
  readonly #onEvent: (event: KeysEvent) => void;
  readonly #deadlines = new Deadlines();
  #keys: readonly SetKey[] | null = null;
  #fetchedAtMs = 0;
  #triedAtMs: number | null = null;
  #isFailing = false;
  #fetching: Promise<void> | null = null;

  constructor(source: KeySource, keeping: Keeping, onEvent: (event: KeysEvent) => void) {
    this.#source = source;
    this.#keeping = keeping;
    this.#onEvent = onEvent;
  }

  /**
   * What `select` finds among the keys, after a fetch where that may change it. Null: they can't be
   * had now, or what was looked for may be among those that can't.
   */
  async find(
    select: (keys: readonly SetKey[]) => readonly SetKey[],
    nowMs: number,
  ): Promise<readonly SetKey[] | null> {
    if (this.#ageMs(nowMs) >= this.#keeping.refreshMs) {
      const fetched = this.#refresh(nowMs);
      // A first failure is waited for; in an outage the keys that are left serve at once.
      if (!this.#isFailing || !this.#isUsable(nowMs)) await fetched;
    }
    const found = select(this.#usable(nowMs));
    if (found.length > 0) return found;
    await this.#refresh(nowMs);
    const again = select(this.#usable(nowMs));
    return again.length > 0 || (!this.#isFailing && this.#isUsable(nowMs)) ? again : null;
  }

  /** Ends a fetch that is under way. */
  close(): void {
    this.#deadlines.close();
  }

  #ageMs(nowMs: number): number {
    const ageMs = nowMs - this.#fetchedAtMs;
    return this.#keys === null || ageMs < 0 ? Number.POSITIVE_INFINITY : ageMs;
  }

  #isUsable(nowMs: number): boolean {
    return this.#usable(nowMs).length > 0;
  }

  #usable(nowMs: number): readonly SetKey[] {
    const { refreshMs, staleMs } = this.#keeping;
    const ageMs = nowMs - this.#fetchedAtMs;
    return this.#keys !== null && ageMs < refreshMs + staleMs ? this.#keys : [];
  }

  #refresh(nowMs: number): Promise<void> {
    if (this.#fetching !== null) return this.#fetching;
    const { cooldownMs } = this.#keeping;
    const waitMs = this.#isUsable(nowMs) ? cooldownMs : Math.min(cooldownMs, RETRY_MAX_MS);
    const sinceMs = this.#triedAtMs === null ? Number.POSITIVE_INFINITY : nowMs - this.#triedAtMs;
    if (this.#deadlines.isClosed || (sinceMs >= 0 && sinceMs < waitMs)) return Promise.resolve();
    this.#triedAtMs = nowMs;
    this.#fetching = this.#fetch(nowMs).finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetch(nowMs: number): Promise<void> {
    const keys = await this.#source(this.#deadlines);
    if (this.#deadlines.isClosed) return;
    if (typeof keys !== 'string') {
      this.#keys = keys;
      this.#fetchedAtMs = nowMs;
    }
    const isFailing = typeof keys === 'string';
    if (isFailing && !this.#isFailing) this.#onEvent({ kind: 'failing', reason: keys });
    if (!isFailing && this.#isFailing) this.#onEvent({ kind: 'recovered' });
    this.#isFailing = isFailing;
  }
}
