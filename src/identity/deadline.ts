/**
 * Work that ends by its time, or when whoever asked for it closes.
 *
 * Not `AbortSignal.any`: what it ties to a signal that lives long stays tied to it, some 50 bytes a call.
 * Bounds: as many at once as are started; the starters have maxima.
 *
 * @module
 */

export class Deadlines {
  readonly #open = new Set<AbortController>();
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What `work` gives; its signal is aborted after `timeoutMs`, and at once when closed. */
  async within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (this.#isClosed) controller.abort();
    this.#open.add(controller);
    const timer = setTimeout(() => controller.abort(), timeoutMs);
    try {
      return await work(controller.signal);
    } finally {
      clearTimeout(timer);
      this.#open.delete(controller);
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const controller of this.#open) controller.abort();
  }
}
