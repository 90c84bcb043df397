/**
 * A regression must reproduce: one fresh run with another seed, and only what both call a regression is one.
 *
 * The chance of a false alarm is so squared. The repetition may be narrowed to the first run's
 * regressions (`suspects`), which also spares it the price of testing many cells.
 *
 * @module
 */

import type { Cell, Outcome, Verdict } from './verdict.ts';

export interface Reproduction {
  readonly outcome: Outcome;
  readonly exitCode: Verdict['exitCode'];
  /** Cells that both runs call a regression. */
  readonly cells: readonly Cell[];
  readonly reasons: readonly string[];
}

/** The cells to decide in the repetition; none when there is nothing to repeat. */
export function suspects({ cells, outcome }: Verdict): Cell[] {
  if (outcome !== 'regress') return [];
  return cells
    .filter((cell) => cell.outcome === 'regress')
    .map(({ scenario, metric }) => ({ scenario, metric }));
}

/**
 * What stands after the repetition of a first run that called `regress`. Throws when there was nothing
 * to repeat, or when both have the same seed and so are not two runs.
 */
export function reproduced(first: Verdict, second: Verdict): Reproduction {
  if (first.outcome !== 'regress') {
    throw new Error(`only a regression is repeated, not ${first.outcome}: use the first verdict`);
  }
  if (first.seed === second.seed) {
    throw new Error(`both runs have the seed ${first.seed}: repeat with another`);
  }
  if (second.outcome === 'void') {
    return { outcome: 'void', exitCode: 78, cells: [], reasons: second.reasons };
  }
  const again = suspects(second);
  const cells = suspects(first).filter(({ scenario, metric }) =>
    again.some((one) => one.scenario === scenario && one.metric === metric),
  );
  if (cells.length === 0) {
    const reasons = [`a regression did not reproduce: the second run says ${second.outcome}`];
    return { outcome: 'inconclusive', exitCode: 75, cells, reasons };
  }
  return { outcome: 'regress', exitCode: 1, cells, reasons: second.reasons };
}
