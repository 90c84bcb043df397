/**
 * How likely each target is cheaper than each other one, as a table of all pairs.
 *
 * @module
 */

import { figure, interval, likelihood } from '../format.ts';
import { cell, column, EMPTY, type Grid } from '../grid.ts';
import { cellId } from '../series.ts';
import { isMeasured, type Table } from '../table-model.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import { type Colours, tableOf } from './table.ts';

/** Folded; nothing with fewer than two targets whose cost is known. */
export function pairsTable(table: Table, colours: Colours): Markup {
  if (table.pairs.length === 0) return NOTHING;
  return html`<details><summary>Every pair: how likely one is cheaper, and by how much</summary>
${tableOf(pairsGrid(table), colours)}
</details>`;
}

function pairsGrid(table: Table): Grid {
  const known = table.rows
    .filter(isMeasured)
    .filter(({ target }) => table.pairs.some((pair) => pair.target === target.target));
  return {
    id: `pairs-${cellId(table.cell)}`,
    title: 'Probability that the row is cheaper than the column, and the ratio of their costs',
    columns: [
      column('target', '', { numeric: false }),
      ...known.map(({ target }) => column(target.title)),
    ],
    rows: known.map(({ target }) => ({
      target: target.target,
      message: '',
      cells: [
        cell(target.title),
        ...known.map((other) => {
          const pair = table.pairs.find(
            (one) => one.target === target.target && one.other === other.target.target,
          );
          if (pair === undefined) return EMPTY;
          const ratio = `× ${figure(pair.ratio.median)} ${interval(pair.ratio)}`;
          const text = pair.differs
            ? likelihood(pair.cheaper)
            : `tie (${likelihood(pair.cheaper)})`;
          return { text, interval: ratio, tone: pair.differs ? 'plain' : 'muted' } as const;
        }),
      ],
    })),
    notes: [
      'A tie is what a paired t-test of the rounds’ log-ratios can’t tell apart at 5 %, after Holm’s correction for all pairs of the table, or what the interval of the median ratio does not part from 1.',
    ],
  };
}
