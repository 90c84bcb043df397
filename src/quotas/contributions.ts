/**
 * What this gateway has contributed to each window, as a sum that only grows: reported twice, it counts once.
 *
 * A contribution is one field, of a name nobody else uses, in the shared count of its window. So a report whose answer
 * was lost is sent again, and a count that was lost is made anew from the contributions of all.
 * Bounds: `max` contributions; each goes `GRACE_MS` after its window's end.
 *
 * @module
 */

import type { QuotaAmount } from '../native/addon.ts';
import type { Window } from './ledger.ts';

/** How long the end of a window may be known late: clocks of gateways differ, and answers take time. */
export const GRACE_MS = 60_000;

export interface Contribution extends Window {
  /** Its field in the window's count. */
  readonly field: string;
  /** All that this gateway admitted since it knows the window. */
  amount: number;
  /** The part that the ledger knows to be shared. */
  settled: number;
  /** The most that was seen to be in the count; less in it later means that it was lost. */
  confirmed: number;
  /** Whether the count may lack some of it. */
  due: boolean;
}

export class Contributions {
  readonly #gateway: string;
  readonly #max: number;
  readonly #entries = new Map<string, Contribution>();
  #turn: MapIterator<Contribution>;
  #fields = 0;
  /** Whether looking for one to let go was in vain, until something ends. */
  #full = false;

  /** `gateway` is a name that no other process has, nor an earlier one. */
  constructor(gateway: string, max: number) {
    this.#gateway = gateway;
    this.#max = max;
    this.#turn = this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What the ledger says is not shared. False when there is no room: then it goes on saying so. */
  observe({ key, windowStartMs, windowEndMs, amount }: QuotaAmount): boolean {
    const id = idOf({ key, windowStartMs, windowEndMs });
    const known = this.#entries.get(id);
    if (known !== undefined) {
      known.amount = Math.max(known.amount, known.settled + amount);
      known.due = true;
      return true;
    }
    if (this.#entries.size >= this.#max && !this.#letGo()) return false;
    this.#fields += 1;
    const field = `${this.#gateway}.${this.#fields.toString(36)}`;
    const state = { field, amount, settled: 0, confirmed: 0, due: true };
    this.#entries.set(id, { key, windowStartMs, windowEndMs, ...state });
    return true;
  }

  /** Those to report, at most `max`: first what the count lacks, then at most `refreshMax` others, in turns. */
  due(max: number, refreshMax: number): Contribution[] {
    const chosen: Contribution[] = [];
    for (const entry of this.#entries.values()) {
      if (chosen.length >= max) return chosen;
      if (entry.due) chosen.push(entry);
    }
    const others = Math.min(refreshMax, max - chosen.length, this.#entries.size - chosen.length);
    for (let looked = 0, found = 0; found < others && looked < this.#entries.size; looked += 1) {
      const entry = this.#next();
      if (entry === undefined) break;
      if (entry.due) continue;
      chosen.push(entry);
      found += 1;
    }
    return chosen;
  }

  /** All are reported once more: the count may have lost them. */
  reportAll(): void {
    for (const entry of this.#entries.values()) entry.due = true;
  }

  /** Forgets windows that are over. */
  prune(nowMs: number): void {
    this.#full = false;
    for (const [id, entry] of this.#entries) {
      if (entry.windowEndMs + GRACE_MS <= nowMs) this.#entries.delete(id);
    }
  }

  #next(): Contribution | undefined {
    const next = this.#turn.next();
    if (next.done !== true) return next.value;
    this.#turn = this.#entries.values();
    return this.#turn.next().value;
  }

  /** A window that comes back gets a new field, so what was reported before stays counted. */
  #letGo(): boolean {
    if (this.#full) return false;
    for (const [id, entry] of this.#entries) {
      if (entry.due) continue;
      this.#entries.delete(id);
      return true;
    }
    this.#full = true;
    return false;
  }
}

function idOf({ key, windowStartMs, windowEndMs }: Window): string {
  return `${windowStartMs}-${windowEndMs}:${key}`;
}
