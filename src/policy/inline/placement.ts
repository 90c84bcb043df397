/**
 * Where the next evaluation of a policy runs: in the asking thread or in the pool.
 *
 * By `auto` it moves to the asking thread when `SAMPLES` evaluations in the pool have cost less than
 * `COST_MAX_US` each on average, and back as soon as the ones here have used up what so many may. By
 * `inline` it is here from the start, whatever it costs. In both it goes back for a pause when an
 * evaluation here gave no answer: 1 s, doubling to 60 s, and 1 s again once it has stayed for 60 s. A
 * single cost counts as `SAMPLE_MAX_US` at most, so that one thread's bad moment decides nothing alone.
 * Pure: the time is the caller's, in milliseconds of any clock that only goes forward.
 *
 * @module
 */

/** What an evaluation in the pool costs the asking thread itself, about: below it, asking is dearer. */
export const COST_MAX_US = 20;
export const SAMPLES = 64;
const SAMPLE_MAX_US = 200;
const PAUSE_MIN_MS = 1000;
const PAUSE_MAX_MS = 60_000;
const PROVEN_MS = 60_000;

export class Placement {
  readonly #evaluate: 'auto' | 'inline';
  #isInline: boolean;
  /** When it came here. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #pauseMs = PAUSE_MIN_MS;
  #samples = 0;
  #sumUs = 0;

  constructor(evaluate: 'auto' | 'inline') {
    this.#evaluate = evaluate;
    this.#isInline = evaluate === 'inline';
  }

  /** Whether one that starts now runs in the asking thread. */
  isInline(nowMs: number): boolean {
    if (this.#isInline || this.#evaluate === 'auto' || nowMs < this.#pausedUntilMs) {
      return this.#isInline;
    }
    this.#move(true, nowMs);
    return true;
  }

  /** What one in the pool has cost its thread. */
  costPooled(us: number, nowMs: number): void {
    if (this.#evaluate === 'inline' || this.#isInline || nowMs < this.#pausedUntilMs) return;
    this.#add(us);
    if (this.#samples < SAMPLES) return;
    if (this.#sumUs < SAMPLES * COST_MAX_US) this.#move(true, nowMs);
    else this.#forget();
  }

  /** What one in the asking thread has cost it. */
  costInline(us: number, nowMs: number): void {
    if (this.#evaluate === 'inline' || !this.#isInline) return;
    this.#add(us);
    if (this.#sumUs > SAMPLES * COST_MAX_US) this.#leave(nowMs);
    else if (this.#samples >= SAMPLES) this.#forget();
  }

  /** One in the asking thread gave no answer. */
  failedInline(nowMs: number): void {
    this.#leave(nowMs);
  }

  #leave(nowMs: number): void {
    if (nowMs - this.#sinceMs >= PROVEN_MS) this.#pauseMs = PAUSE_MIN_MS;
    this.#pausedUntilMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MAX_MS);
    this.#move(false, nowMs);
  }

  #move(isInline: boolean, nowMs: number): void {
    this.#isInline = isInline;
    this.#sinceMs = nowMs;
    this.#forget();
  }

  #add(us: number): void {
    this.#samples += 1;
    this.#sumUs += Math.min(us, SAMPLE_MAX_US);
  }

  #forget(): void {
    this.#samples = 0;
    this.#sumUs = 0;
  }
}
