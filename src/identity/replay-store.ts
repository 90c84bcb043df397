/**
 * Proofs that have been seen, so that none counts twice.
 *
 * Bounds: `entriesMax` entries of 32 bytes each; when all of them still count, a new proof is refused and
 * none is forgotten early. Times are milliseconds; two generations, so nothing is ever searched.
 * Source: RFC 9449 §11.1.
 *
 * @module
 */

export class ReplayStore {
  readonly #keptMs: number;
  readonly #entriesMax: number;
  #current = new Set<string>();
  #previous = new Set<string>();
  #sinceMs = Number.NEGATIVE_INFINITY;

  /** An entry counts for `keptMs` at least, and for twice that at most. */
  constructor({ keptMs, entriesMax }: { readonly keptMs: number; readonly entriesMax: number }) {
    this.#keptMs = keptMs;
    this.#entriesMax = entriesMax;
  }

  /** `new` once for each id within the time; `full` when it can't be told apart from then on. */
  add(id: string, nowMs: number): 'new' | 'seen' | 'full' {
    this.#turn(nowMs);
    if (this.#current.has(id) || this.#previous.has(id)) return 'seen';
    if (this.#current.size + this.#previous.size >= this.#entriesMax) return 'full';
    this.#current.add(id);
    return 'new';
  }

  /** A clock that goes back turns nothing: what was seen stays seen. */
  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#sinceMs;
    if (ageMs < this.#keptMs) return;
    this.#previous = ageMs < 2 * this.#keptMs ? this.#current : new Set();
    this.#current = new Set();
    this.#sinceMs = nowMs;
  }
}
