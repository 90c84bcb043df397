/**
 * The original L0 score as a grid.
 *
 * @module
 */

import { PARTS } from '../score/l0.ts';
import type { TargetScore } from '../score/scores.ts';
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
    notes: ['Nothing is ranked by it: latencies far under its caps all score near 100.'],
  };
}
