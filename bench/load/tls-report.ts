/**
 * From raw rows to the tables of the TLS benchmark; ratios and verdicts as in report.ts.
 *
 * @module
 */

import { type Estimate, medianInterval } from '../../arena/statistics/bootstrap.ts';
import type { Observed } from './block.ts';
import type { HandshakesResult, Task } from './handshakes.ts';
import { BUSY_MIN, printQuiet, ratios, verdict } from './report.ts';
import { printTable, withInterval } from './table.ts';
import type { Version } from './tls-session.ts';

/** A raw row, one line of the results file. */
export interface Row extends HandshakesResult, Omit<Observed<never>, 'result'> {
  readonly kind: 'tls';
  readonly round: number;
  readonly target: string;
  readonly version: Version;
  readonly task: Task;
  /** By handshake, or by GB. */
  readonly cpuUs: number;
  /** Handshakes, or GB. */
  readonly perSecond: number;
}

/** Largest ratio of our cost to nginx'. */
const BAR = 1;

const TITLES: Readonly<Record<Task, string>> = {
  full: 'full handshake and one request',
  resumed: 'resumed handshake and one request',
  bulk: 'bulk transfer, 1-MiB bodies on connections that stay',
};

function targetRow(name: string, rows: readonly Row[], seed: number): Record<string, string> {
  const of = (value: (row: Row) => number): Estimate => medianInterval(rows.map(value), { seed });
  const busy = of((row) => row.busy).median;
  const handshakes =
    rows[0]?.task === 'bulk'
      ? {
          'CPU s/GB': withInterval(
            of((row) => row.cpuUs / 1e6),
            3,
          ),
          'MB/s': withInterval(
            of((row) => row.perSecond * 1000),
            0,
          ),
        }
      : {
          'CPU µs/handshake': withInterval(
            of((row) => row.cpuUs),
            1,
          ),
          'handshakes/s': withInterval(
            of((row) => row.perSecond),
            0,
          ),
          'tickets each':
            rows[0]?.version === '1.3'
              ? of((row) => row.tickets / row.handshakes).median.toFixed(2)
              : '-',
        };
  return {
    target: name,
    ...handshakes,
    'core used': `${Math.round(busy * 100)} %${busy < BUSY_MIN ? ' (not full)' : ''}`,
    rounds: `${rows.length}`,
  };
}

/** Prints every table, and what was not counted. */
export function printTls(rows: readonly Row[], seed: number): void {
  const counted = rows.filter((row) => row.void === '');
  const titleOf = ({ version, task }: Row): string => `TLS ${version}, ${TITLES[task]}`;
  const titles = [...new Set(counted.map(titleOf))];
  for (const title of titles) {
    const group = counted.filter((row) => titleOf(row) === title);
    const names = [...new Set(group.map((row) => row.target))];
    printTable(
      `${title}: median [95 % interval]`,
      names.map((name) =>
        targetRow(
          name,
          group.filter((row) => row.target === name),
          seed,
        ),
      ),
    );
  }
  printTable(
    "our CPU by nginx', paired by round",
    titles.flatMap((title) => {
      const group = counted.filter((row) => titleOf(row) === title);
      const values = ratios(group, 'native', 'nginx');
      if (values.length === 0) return [];
      const ratio = medianInterval(values, { seed });
      return [
        {
          of: title,
          ratio: withInterval(ratio, 3),
          bar: `≤ ${BAR}`,
          verdict: verdict(ratio, BAR),
          rounds: `${ratio.count}`,
        },
      ];
    }),
  );
  printQuiet(rows);
  for (const row of rows.filter((one) => one.void !== '')) {
    console.log(`void: round ${row.round}, ${row.target}, ${row.version} ${row.task}: ${row.void}`);
  }
}
