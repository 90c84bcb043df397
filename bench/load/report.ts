/**
 * How raw rows are judged: ratios to a peer, and whether one is within its bar.
 *
 * A ratio pairs blocks of the same round and body; rounds in which either does not count are left
 * out. The bar counts as reached when the interval's upper end is at or under it, as missed when
 * the lower end is above it, and as open in between; with fewer than six rounds it is not judged.
 *
 * @module
 */

import type { Estimate } from '../../arena/statistics/bootstrap.ts';
import type { Row } from './block.ts';

/** With fewer, an interval says nothing. */
const ROUNDS_MIN = 6;
/** Under this share of its core a target was not the limit of requests/s. */
export const BUSY_MIN = 0.9;

/** What a ratio needs of a row. */
type Cost = Pick<Row, 'target' | 'round' | 'cpuUs'>;

export function verdict({ low, high, count }: Estimate, bar: number): string {
  if (count < ROUNDS_MIN) return 'too few rounds';
  if (high <= bar) return 'reached';
  return low > bar ? 'MISSED' : 'open';
}

/** Ratios of one target's CPU per request to another's, round by round. */
export function ratios(rows: readonly Cost[], name: string, other: string): number[] {
  return rows
    .filter((row) => row.target === name)
    .flatMap((row) => {
      const same = rows.find((peer) => peer.target === other && peer.round === row.round);
      return same === undefined ? [] : [row.cpuUs / same.cpuUs];
    });
}

/** How much the machine had to do besides: our own processes are a load of about 2. */
export function printQuiet(rows: readonly Pick<Row, 'load' | 'stolen'>[]): void {
  const load = Math.max(...rows.map((row) => row.load));
  const stolen = Math.max(...rows.map((row) => row.stolen));
  console.log(
    `\nthe machine meanwhile: load up to ${load.toFixed(1)}, up to ${(stolen * 100).toFixed(1)} % of a window stolen by its host`,
  );
}
