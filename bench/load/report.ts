/**
 * From raw rows to the tables of the comparison.
 *
 * A ratio pairs blocks of the same round and body; rounds in which either does not count are left
 * out. The bar counts as reached when the interval's upper end is at or under it, as missed when
 * the lower end is above it, and as open in between; with fewer than six rounds it is not judged.
 *
 * @module
 */

import { type Estimate, medianInterval } from '../../arena/statistics/bootstrap.ts';
import type { Row } from './block.ts';
import { BODIES, BODY_BYTES, type Body } from './stage.ts';
import { printTable, withInterval } from './table.ts';

/** Largest ratio of CPU per request to a peer's, of the gateway behind each of its fronts. */
const BARS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  gateway: { nginx: 1, haproxy: 1, envoy: 0.4 },
  native: { nginx: 0.85, haproxy: 0.85, envoy: 0.4 },
};
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

function comparisonRow(name: string, rows: readonly Row[], seed: number): Record<string, string> {
  const of = (field: 'cpuUs' | 'perSecond' | 'p50Ms' | 'p99Ms' | 'busy'): Estimate =>
    medianInterval(
      rows.map((row) => row[field]),
      { seed },
    );
  const busy = of('busy').median;
  const isTarget = name !== 'direct';
  return {
    target: name,
    'CPU µs/request': isTarget ? withInterval(of('cpuUs'), 2) : '-',
    'requests/s': withInterval(of('perSecond'), 0),
    'p50 ms': withInterval(of('p50Ms'), 2),
    'p99 ms': withInterval(of('p99Ms'), 2),
    'core used': isTarget
      ? `${Math.round(busy * 100)} %${busy < BUSY_MIN ? ' (not full)' : ''}`
      : '-',
    rounds: `${rows.length}`,
  };
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

function printBody(body: Body, rows: readonly Row[], seed: number): void {
  const names = [...new Set(rows.map((row) => row.target))];
  printTable(
    `${BODY_BYTES[body]}-byte body: median [95 % interval]`,
    names.map((name) =>
      comparisonRow(
        name,
        rows.filter((row) => row.target === name),
        seed,
      ),
    ),
  );
  const compared = names.flatMap((name) =>
    Object.entries(BARS[name] ?? {}).map(([peer, bar]) => ({
      name,
      peer,
      bar,
      values: ratios(rows, name, peer),
    })),
  );
  const known = compared.filter(({ values }) => values.length > 0);
  if (known.length === 0) return;
  printTable(
    `${BODY_BYTES[body]}-byte body: our CPU µs/request by the peer's, paired by round`,
    known.map(({ name, peer, bar, values }) => {
      const ratio = medianInterval(values, { seed });
      return {
        of: name,
        by: peer,
        ratio: withInterval(ratio, 3),
        bar: `≤ ${bar}`,
        verdict: verdict(ratio, bar),
        rounds: `${ratio.count}`,
      };
    }),
  );
}

/** Prints every table of the comparison, and what was not counted. */
export function printComparison(rows: readonly Row[], seed: number): void {
  const counted = rows.filter((row) => row.void === '');
  for (const body of BODIES) {
    const ofBody = counted.filter((row) => row.body === body);
    if (ofBody.length > 0) printBody(body, ofBody, seed);
  }
  printQuiet(rows);
  for (const row of rows.filter((one) => one.void !== '')) {
    console.log(`void: round ${row.round}, ${row.target}, ${row.body}: ${row.void}`);
  }
}

/** How much the machine had to do besides: our own processes are a load of about 2. */
export function printQuiet(rows: readonly Pick<Row, 'load' | 'stolen'>[]): void {
  const load = Math.max(...rows.map((row) => row.load));
  const stolen = Math.max(...rows.map((row) => row.stolen));
  console.log(
    `\nthe machine meanwhile: load up to ${load.toFixed(1)}, up to ${(stolen * 100).toFixed(1)} % of a window stolen by its host`,
  );
}
