/**
 * Why a verdict is what it is, in sentences for people.
 *
 * @module
 */

import type { Counted } from './counted.ts';
import type { CellVerdict, GateDesign } from './verdict.ts';

/** `+4.1 %`, `−0.3 %`; unbounded where there is no bound. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return 'unbounded';
  const shown = (Math.abs(share) * 100).toFixed(1);
  return `${share < 0 && shown !== '0.0' ? '−' : '+'}${shown} %`;
}

/** Why the environment and not the change was measured; none when the run counts. */
export function voidReasons(
  { seen, lost, why, unexpected }: Counted,
  design: GateDesign,
  cells: readonly CellVerdict[],
): string[] {
  const reasons: string[] = [];
  for (const [side, count] of Object.entries(unexpected)) {
    if (count > 0)
      reasons.push(`${side} gave ${count} unexpected answers: the work was not the same`);
  }
  if (lost > seen * design.lostShareMax) {
    for (const [reason, count] of why) reasons.push(`${reason} in ${count} of ${seen} rounds`);
  }
  for (const { scenario, metric, control, margin } of cells.filter((one) => one.control.biased)) {
    reasons.push(
      `two copies of base differ by ${percent(control.estimate)} in ${metric} of ${scenario}: more than half the margin of ${percent(margin)}`,
    );
  }
  return reasons;
}

export function regressReasons(cells: readonly CellVerdict[]): string[] {
  return cells
    .filter(({ outcome }) => outcome === 'regress')
    .map(
      (cell) =>
        `${cell.metric} of ${cell.scenario} is ${percent(cell.estimate)}, at least ${percent(cell.low)}; the margin is ${percent(cell.margin)}`,
    );
}

export function passReasons(cells: readonly CellVerdict[]): string[] {
  return [`none of ${cells.length} cells is worse than its margin`, ...improvements(cells)];
}

export function undecidedReasons(cells: readonly CellVerdict[]): string[] {
  const open = cells
    .filter(({ outcome }) => outcome === 'inconclusive')
    .map(
      (cell) =>
        `${cell.metric} of ${cell.scenario} is between ${percent(cell.low)} and ${percent(cell.high)}; the margin is ${percent(cell.margin)}`,
    );
  return open.length === 0 ? ['no round counts'] : [...open, ...improvements(cells)];
}

function improvements(cells: readonly CellVerdict[]): string[] {
  return cells
    .filter(({ improvement }) => improvement)
    .map((cell) => `${cell.metric} of ${cell.scenario} improved: ${percent(cell.estimate)}`);
}
