/**
 * A circuit breaker: after `failuresMax` failures in a row nothing is asked for a while, then one.
 *
 * The pause starts with `pauseMinMs` and doubles up to `pauseMaxMs` while the one fails. Pure: the
 * time is the caller's, in milliseconds of any clock that only goes forward.
 *
 * @module
 */

export interface BreakerBounds {
  readonly failuresMax: number;
  readonly pauseMinMs: number;
  readonly pauseMaxMs: number;
}

export class Breaker {
  readonly #bounds: BreakerBounds;
  #failures = 0;
  #pauseMs: number;
  /** Until then nothing is asked; null while it is closed. */
  #openUntilMs: number | null = null;
  #probing = false;

  constructor(bounds: BreakerBounds) {
    this.#bounds = bounds;
    this.#pauseMs = bounds.pauseMinMs;
  }

  /** May one be asked now? Whoever gets a yes calls `succeeded` or `failed` once. */
  admits(nowMs: number): boolean {
    if (this.#openUntilMs === null) return true;
    if (nowMs < this.#openUntilMs || this.#probing) return false;
    this.#probing = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pauseMs = this.#bounds.pauseMinMs;
    this.#openUntilMs = null;
    this.#probing = false;
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    if (this.#probing) this.#pauseMs = Math.min(this.#pauseMs * 2, this.#bounds.pauseMaxMs);
    else if (this.#failures < this.#bounds.failuresMax || this.#openUntilMs !== null) return;
    this.#probing = false;
    this.#openUntilMs = nowMs + this.#pauseMs;
  }
}
