/**
 * Whether the environment treats two copies of base alike: if not, it may treat head unfairly, too.
 *
 * A control counts as biased when it differs by more than half a margin and is proven to differ at all. The
 * size alone would call one run in three void where blocks vary by 4 %; proof alone would call a run void
 * for a bias that no margin notices. Looks share the level evenly, so that a large bias is seen at the first.
 *
 * @module
 */

import { hodgesLehmann } from '../../../arena/statistics/hodges-lehmann.ts';
import { holm } from '../../../arena/statistics/holm.ts';
import { signedRankBounds, signedRankTest } from '../../../arena/statistics/wilcoxon.ts';
import type { Evidence } from './effect.ts';
import type { ControlVerdict, GateDesign } from './verdict.ts';

/** Each side of the interval that is printed. */
const OUTSIDE = 0.025;

export function biasOf(evidence: readonly Evidence[], design: GateDesign): ControlVerdict[] {
  const level = design.controlAlpha / design.looks.length;
  const steps = holm(evidence.map(({ controlLogs }) => twoSided(controlLogs)));
  return evidence.map(({ metric, controlLogs }, at) => {
    const estimate = hodgesLehmann(controlLogs);
    const { low, high } = signedRankBounds(controlLogs, OUTSIDE);
    const p = steps[at]?.adjusted ?? 1;
    const large = Math.abs(estimate) > Math.log1p(design.margins[metric]) / 2;
    return {
      estimate: Math.expm1(estimate),
      low: Math.expm1(low),
      high: Math.expm1(high),
      p,
      biased: large && p <= level,
    };
  });
}

function twoSided(values: readonly number[]): number {
  const above = signedRankTest(values, 'greater').pValue;
  const below = signedRankTest(values, 'less').pValue;
  return Math.min(1, 2 * Math.min(above, below));
}
