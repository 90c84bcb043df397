/**
 * How many requests a second each target was found to answer, by tier and body.
 *
 * The median of all closed-loop windows so far: rates that are shares of it settle in the course of
 * a run, and one disturbed window does not decide them. Bound: 1 000 windows of each are kept.
 *
 * @module
 */

import { median } from '../statistics/quantile.ts';

const WINDOWS_MAX = 1000;

export interface Place {
  readonly target: string;
  readonly tier: string;
  readonly bodyBytes: number;
}

export class Capacities {
  readonly #found = new Map<string, number[]>();

  /** Requests a second of one closed-loop window. */
  add(place: Place, perS: number): void {
    if (!(Number.isFinite(perS) && perS > 0)) return;
    const key = keyOf(place);
    const windows = this.#found.get(key);
    if (windows === undefined) this.#found.set(key, [perS]);
    else if (windows.length < WINDOWS_MAX) windows.push(perS);
  }

  /** Null as long as nothing was found. */
  of(place: Place): number | null {
    const windows = this.#found.get(keyOf(place));
    return windows === undefined ? null : median(windows);
  }
}

function keyOf({ target, tier, bodyBytes }: Place): string {
  return `${target} ${tier} ${bodyBytes}`;
}
