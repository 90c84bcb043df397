/**
 * Work that takes memory and a thread each: some of it at once, some waiting, no more.
 *
 * Whoever asks for work that is under way or waits shares its result, so that many requests with one password are
 * one. Bounds: `concurrencyMax` at once, `pendingMax` waiting; those who share are as many as there are exchanges.
 *
 * @module
 */

export class Turns<T> {
  readonly #concurrencyMax: number;
  readonly #pendingMax: number;
  readonly #shared = new Map<string, Promise<T>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ concurrencyMax, pendingMax }: { concurrencyMax: number; pendingMax: number }) {
    this.#concurrencyMax = concurrencyMax;
    this.#pendingMax = pendingMax;
  }

  /** What `work` gives, or the same that is on its way under this name; null when there is no room. */
  take(name: string, work: () => Promise<T>): Promise<T> | null {
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const isFull = this.#running >= this.#concurrencyMax;
    if (isFull && this.#waiting.length >= this.#pendingMax) return null;
    const result = this.#run(work, isFull).finally(() => this.#shared.delete(name));
    this.#shared.set(name, result);
    return result;
  }

  async #run(work: () => Promise<T>, waits: boolean): Promise<T> {
    // Whoever ends hands its place over: nobody who comes meanwhile can take it.
    if (waits) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
