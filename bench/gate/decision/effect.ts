/**
 * What one cell's rounds say: head against base, and base again against base, as logarithms of ratios.
 *
 * Base is the geometric mean of the two base blocks of a round. Against one block it would vary a third
 * more; and this way head's ratio and the control's share no error, so a control that is off by chance
 * tells nothing about head.
 *
 * @module
 */

import { bcaBounds, type Resampled } from '../../../arena/statistics/bca.ts';
import { walshAverages } from '../../../arena/statistics/hodges-lehmann.ts';
import { resampledHodgesLehmann } from '../../../arena/statistics/hodges-lehmann-bootstrap.ts';
import { median } from '../../../arena/statistics/quantile.ts';
import {
  type Bounds,
  boundsOfAverages,
  signedRankTest,
} from '../../../arena/statistics/wilcoxon.ts';
import type { Cell, GateRound } from './verdict.ts';

export interface Evidence extends Cell {
  /** Logarithms of head by base, a value a round. */
  readonly logs: readonly number[];
  /** Logarithms of base again by base. */
  readonly controlLogs: readonly number[];
  readonly averages: Float64Array;
  readonly resampled: Resampled;
  /** Medians over the rounds. */
  readonly base: number;
  readonly head: number;
}

/** Of at least one round. */
export function evidenceOf(
  cell: Cell,
  rounds: readonly GateRound[],
  bootstrap: { readonly seed: number; readonly resamples: number },
): Evidence {
  const { metric } = cell;
  const bases = rounds.map(({ a, a2 }) => Math.sqrt(a.metrics[metric] * a2.metrics[metric]));
  const heads = rounds.map(({ b }) => b.metrics[metric]);
  const logs = heads.map((head, at) => Math.log(head / (bases[at] ?? Number.NaN)));
  return {
    ...cell,
    logs,
    controlLogs: rounds.map(({ a, a2 }) => Math.log(a2.metrics[metric] / a.metrics[metric])),
    averages: walshAverages(logs),
    resampled: resampledHodgesLehmann(logs, bootstrap.seed, bootstrap.resamples),
    base: median(bases),
    head: median(heads),
  };
}

/** The wider of signed-rank and BCa bounds on each side, for `alpha` one-sided, as logarithms. */
export function conservativeBounds(
  { averages, logs, resampled }: Pick<Evidence, 'averages' | 'logs' | 'resampled'>,
  alpha: number,
): Bounds {
  const ranks = boundsOfAverages(averages, logs.length, alpha);
  const bca = bcaBounds(resampled, alpha);
  return { low: Math.min(ranks.low, bca.low), high: Math.max(ranks.high, bca.high) };
}

/** How likely such logs are when they lie at most `harmless` above 0, or below for `less`. */
export function pBeyond(
  logs: readonly number[],
  harmless: number,
  side: 'greater' | 'less',
): number {
  const shift = side === 'greater' ? -harmless : harmless;
  return signedRankTest(
    logs.map((log) => log + shift),
    side,
  ).pValue;
}
