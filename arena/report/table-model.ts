/**
 * One table of the report: every target in the same tier, with the same body, under the same load.
 *
 * @module
 */

import { BASELINE, BASELINE_TIER } from '../tiers/tiers.ts';
import { comparePairs, type Pair, type Rank, ranksOf } from './comparison.ts';
import { type Estimate, estimateOf } from './estimates.ts';
import { listed } from './format.ts';
import { type CurvePoint, curveOf, type Latency, latencyOf, merged } from './latency.ts';
import { type Material, seriesKey } from './material.ts';
import { type Cell, costs, type Series, type Voided } from './series.ts';
import { failureOf, type TargetSummary, whyMissing } from './targets.ts';

/** Of the rounds that count. */
export interface Measured {
  readonly state: 'measured';
  readonly target: TargetSummary;
  /** CPU of the target's whole process tree by request; null where it can't be seen. */
  readonly cpuUs: Estimate | null;
  readonly requestsPerS: Estimate;
  readonly coresUsed: Estimate | null;
  readonly latency: Latency;
  readonly curve: readonly CurvePoint[];
  /** Medians of the rounds' own quantiles: what the merged latency varies by. */
  readonly p50Us: Estimate | null;
  readonly p99Us: Estimate | null;
  /** p99 less the baseline's in the same round, at the rate that both have; else null. */
  readonly p99AddedUs: Estimate | null;
  /** The highest of all rounds; null where it can't be seen. */
  readonly memoryPeakBytes: number | null;
  readonly counted: number;
  readonly voided: readonly Voided[];
  readonly bound: Series['bound'];
  /** Null where the cost is not known, or there is nobody to compare with. */
  readonly rank: Rank | null;
  /** Against the table's reference; null for the reference itself and where the cost is not known. */
  readonly versus: Pair | null;
}

/** Without a number, and why. `void`: measured, and nothing of it counts. */
export interface Unmeasured {
  readonly state: 'unavailable' | 'not-offered' | 'probe-failed' | 'void' | 'missing';
  readonly target: TargetSummary;
  readonly why: string;
  readonly voided: readonly Voided[];
}

export interface Table {
  readonly cell: Cell;
  /** The baseline; measured ones by CPU per request, cheapest first; then the others by name. */
  readonly rows: readonly (Measured | Unmeasured)[];
  readonly reference: string | null;
  readonly pairs: readonly Pair[];
}

/** `preferred`: names of the reference, the first measured one is taken; else the cheapest. */
export function tableOf(
  cell: Cell,
  targets: readonly TargetSummary[],
  material: Material,
  preferred: readonly string[],
): Table {
  const { seed } = material.run;
  const found = targets.flatMap(({ target }) => {
    const series = material.series.get(seriesKey(target, cell));
    return series === undefined || target === BASELINE ? [] : [series];
  });
  const pairs = comparePairs(found, seed);
  const priced = found.filter((series) => costs(series).length > 0).map(({ target }) => target);
  const ranks = ranksOf(priced, pairs);
  const alone = cell.load.mode === 'open' ? baselineP99Us(cell, material) : new Map();
  const unranked = targets.map((target) => rowOf(cell, target, material, alone));
  const cheapest = unranked.filter(isMeasured).toSorted(byCost)[0]?.target.target ?? null;
  const reference = preferred.find((name) => priced.includes(name)) ?? cheapest;
  const placed = (row: Measured): Measured => ({
    ...row,
    rank: ranks.get(row.target.target) ?? null,
    versus:
      pairs.find((pair) => pair.target === row.target.target && pair.other === reference) ?? null,
  });
  return {
    cell,
    rows: [
      ...unranked.filter(isMeasured).toSorted(byCost).map(placed),
      ...unranked.filter((row) => !isMeasured(row)),
    ],
    reference,
    pairs,
  };
}

export function isMeasured(row: Measured | Unmeasured): row is Measured {
  return row.state === 'measured';
}

function byCost(one: Measured, other: Measured): number {
  const cost = (row: Measured): number => row.cpuUs?.median ?? -1;
  return cost(one) - cost(other) || (one.target.target < other.target.target ? -1 : 1);
}

/** The baseline has no job to do, and so stands beside every tier at what is the same for all. */
function shownSeries(cell: Cell, target: string, { series }: Material): Series | undefined {
  const isLent = target === BASELINE && cell.load.mode !== 'share';
  return series.get(seriesKey(target, isLent ? { ...cell, tier: BASELINE_TIER } : cell));
}

/** By round. */
function baselineP99Us(cell: Cell, material: Material): Map<number, number> {
  const samples = shownSeries(cell, BASELINE, material)?.samples ?? [];
  return new Map(samples.map(({ round, latency }) => [round, latencyOf(latency()).p99Us]));
}

function rowOf(
  cell: Cell,
  target: TargetSummary,
  material: Material,
  alone: ReadonlyMap<number, number>,
): Measured | Unmeasured {
  const series = shownSeries(cell, target.target, material);
  if (series !== undefined && series.samples.length > 0) {
    const row = measuredRow(target, series, alone, material.run.seed);
    if (row !== null) return row;
  }
  return { target, voided: series?.voided ?? [], ...reasonOf(cell, target, series, material) };
}

function measuredRow(
  target: TargetSummary,
  series: Series,
  alone: ReadonlyMap<number, number>,
  seed: number,
): Measured | null {
  const { samples } = series;
  const estimate = (values: readonly (number | null)[]): Estimate | null =>
    estimateOf(
      values.filter((value) => value !== null),
      seed,
    );
  const histograms = samples.map(({ latency }) => latency());
  const histogram = merged(histograms);
  const requestsPerS = estimate(samples.map((sample) => sample.requestsPerS));
  if (histogram === null || requestsPerS === null) return null;
  const quantiles = histograms.map(latencyOf);
  const added = samples.map(({ round }, at) => {
    const [own, base] = [quantiles[at]?.p99Us, alone.get(round)];
    return own === undefined || base === undefined ? null : own - base;
  });
  const memory = samples.flatMap(({ memoryBytes }) => memoryBytes ?? []);
  return {
    state: 'measured',
    target,
    cpuUs: estimateOf(costs(series), seed),
    requestsPerS,
    coresUsed: estimate(samples.map(({ coresUsed }) => coresUsed)),
    latency: latencyOf(histogram),
    curve: curveOf(histogram),
    p50Us: estimate(quantiles.map(({ p50Us }) => p50Us)),
    p99Us: estimate(quantiles.map(({ p99Us }) => p99Us)),
    p99AddedUs: target.target === BASELINE ? null : estimate(added),
    memoryPeakBytes: memory.length === 0 ? null : Math.max(...memory),
    counted: samples.length,
    voided: series.voided,
    bound: series.bound,
    rank: null,
    versus: null,
  };
}

function reasonOf(
  cell: Cell,
  target: TargetSummary,
  series: Series | undefined,
  material: Material,
): Pick<Unmeasured, 'state' | 'why'> {
  if (target.state === 'unavailable') return { state: 'unavailable', why: target.why };
  if (series !== undefined && series.voided.length > 0) {
    const reasons = listed(series.voided.flatMap(({ why }) => why));
    return { state: 'void', why: `no round counts: ${reasons}` };
  }
  const probe = material.probes.findLast(
    (one) => one.target === target.target && one.tier === cell.tier,
  );
  if (probe?.passed === false) return { state: 'probe-failed', why: failureOf(probe) };
  if (probe === undefined && !target.capabilities.includes(cell.tier)) {
    return { state: 'not-offered', why: 'does not do this job, by its manifest' };
  }
  const nothing = 'nothing was answered, which counts as a failure';
  return { state: 'missing', why: series === undefined ? whyMissing(material) : nothing };
}
