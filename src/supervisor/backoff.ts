/**
 * How long to wait before a dead worker is replaced.
 *
 * A worker that served for a while is replaced at once, and so is the first that died young;
 * after that each young death in a row doubles the wait, so a crash loop costs little.
 *
 * Milliseconds: 0, 250, 500, 1 000, … 30 000.
 *
 * @module
 */

const STABLE_MS = 10_000;
const STEP_MS = 250;
const DELAY_MAX_MS = 30_000;

export class Backoff {
  #youngDeaths = 0;

  /** Records a death after `livedMs` and returns the delay before the replacement, in ms. */
  next(livedMs: number): number {
    if (livedMs >= STABLE_MS) {
      this.#youngDeaths = 0;
      return 0;
    }
    this.#youngDeaths += 1;
    if (this.#youngDeaths === 1) return 0;
    return Math.min(DELAY_MAX_MS, STEP_MS * 2 ** Math.min(this.#youngDeaths - 2, 16));
  }
}
