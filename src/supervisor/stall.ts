/**
 * Notices workers whose event loop stands still.
 *
 * Each worker's loop writes a heartbeat into the shared segment; the main process reads the
 * ages. A worker is stalled when its heartbeat is older than the limit at two checks in a row.
 * When the main process itself was stopped (a suspended machine, a debugger), everybody's
 * heartbeat looks old: a late check decides nothing and forgets what it suspected.
 *
 * @module
 */

/** A worker that accepts traffic. `ageMs` is its heartbeat's, `readyForMs` since it was ready. */
export interface Pulse {
  readonly index: number;
  readonly ageMs: number;
  readonly readyForMs: number;
}

export class StallWatch {
  readonly #stallMs: number;
  readonly #periodMs: number;
  #suspects = new Set<number>();
  #checkedAtMs: number | undefined;

  constructor(stallMs: number, periodMs: number) {
    this.#stallMs = stallMs;
    this.#periodMs = periodMs;
  }

  /** The indices of the workers to be killed. `nowMs` is monotonic. */
  check(nowMs: number, pulses: readonly Pulse[]): number[] {
    const sinceMs = nowMs - (this.#checkedAtMs ?? nowMs);
    this.#checkedAtMs = nowMs;
    if (sinceMs > this.#periodMs + this.#stallMs / 2) {
      this.#suspects.clear();
      return [];
    }

    const old = pulses.filter((pulse) => silentForMs(pulse) > this.#stallMs);
    const stalled = old.filter(({ index }) => this.#suspects.has(index));
    this.#suspects = new Set(old.map(({ index }) => index));
    return stalled.map(({ index }) => index);
  }
}

/** A replacement inherits its predecessor's old heartbeat: count from when it was ready. */
function silentForMs({ ageMs, readyForMs }: Pulse): number {
  return Number.isFinite(ageMs) && ageMs >= 0 ? Math.min(ageMs, readyForMs) : readyForMs;
}
