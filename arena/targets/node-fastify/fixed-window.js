/**
 * A rate limit as Node programs usually have it: a count for each consumer and window, in this
 * process alone.
 *
 * Bound: as many counts as there are consumers.
 *
 * @module
 */

export class FixedWindow {
  #requests;
  #windowMs;
  #windows = new Map();

  constructor({ requests, windowS }) {
    this.#requests = requests;
    this.#windowMs = windowS * 1000;
  }

  /** Counts a request; true when there have been too many. */
  isExceeded(consumer) {
    const nowMs = Date.now();
    const window = this.#windows.get(consumer);
    if (window !== undefined && nowMs < window.endsAtMs) {
      window.count += 1;
      return window.count > this.#requests;
    }
    this.#windows.set(consumer, { count: 1, endsAtMs: nowMs + this.#windowMs });
    return false;
  }
}
