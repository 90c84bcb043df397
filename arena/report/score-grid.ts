/**
 * The original L0 score as a grid.
 *
 * @module
 */

import { PARTS } from '../score/l0.ts';
import type { TargetScore } from './scores.ts';
import { figure } from './format.ts';
import { cell, column, EMPTY, estimated, type Grid } from './grid.ts';

export function scoreGrid(scores: readonly TargetScore[]): Grid {
  return {
    id: 'l0-score',
    title: 'Original L0 score, defects corrected: 0 to 100',
    columns: [
      column('target', '', { numeric: false }),
      column('score'),
      ...PARTS.map((part) => column(part.replaceAll('_', ' '), '', { importance: 2 })),
      column('rounds', '', { importance: 3 }),
    ],
    rows: scores.map(({ target, score, why, parts, rounds }) => ({
      target: target.target,
      message: why,
      cells:
        why === ''
          ? [
              cell(target.title),
              estimated(score),
              ...PARTS.map((part) => {
                const value = parts[part];
                return value === undefined ? EMPTY : cell(figure(value));
              }),
              cell(`${rounds}`),
            ]
          : [cell(target.title)],
    })),
    notes: notesOf(scores),
  };
}

function notesOf(scores: readonly TargetScore[]): string[] {
  const share = Math.min(1, ...scores.map((one) => one.share));
  const trial = `A trial: ${Number((share * 100).toPrecision(3))} % of its loads were played, which compares with no other score.`;
  return [
    ...(share < 1 ? [trial] : []),
    'Nothing is ranked by it: latencies far under its caps all score near 100.',
  ];
}
