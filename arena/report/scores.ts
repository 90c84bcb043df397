/**
 * Scores of all targets of a run: the formula applied to every round, then the median with its
 * interval.
 *
 * @module
 */

import { type Estimate, estimateOf } from './estimates.ts';
import { listed } from './format.ts';
import { decodeHistogram } from '../load/histogram.ts';
import { merged } from './latency.ts';
import type { Material } from './material.ts';
import { type TargetSummary, whyMissing } from './targets.ts';
import type { ScenarioRecord } from '../results/records.ts';
import { type Observation, type Part, PARTS, type Round, scoreOf } from '../score/l0.ts';
import { L0, L0_SCENARIOS, type L0Scenario, l0Figures, PLAYED_SHARE } from '../score/scenarios.ts';

export interface ScenarioSummary {
  readonly scenario: L0Scenario;
  readonly due: number;
  readonly right: number;
  /** Of all rounds, merged by counts, seconds; null when nothing was answered, or it wasn't right. */
  readonly seconds: Readonly<Record<'p50' | 'p95' | 'p99', number>> | null;
}

export interface TargetScore {
  readonly target: TargetSummary;
  /** Why there is no score; empty when there is one. */
  readonly why: string;
  /** Null where there is none: a failure, not a zero. */
  readonly score: Estimate | null;
  readonly stddev: number | null;
  readonly rounds: number;
  /** The part of the loads that was played: what is less than 1 is a trial. */
  readonly share: number;
  /** Medians of the rounds. */
  readonly parts: Readonly<Partial<Record<Part, number>>>;
  readonly scenarios: readonly ScenarioSummary[];
}

/** In the order of the targets' names; empty when the run has no scenario `l0`. */
export function scoresOf(targets: readonly TargetSummary[], material: Material): TargetScore[] {
  const own = material.scenarios.filter(({ scenario }) => scenario === L0);
  if (own.length === 0) return [];
  return targets.map((target) => {
    const rounds = own.filter((one) => one.target === target.target && one.void.length === 0);
    return targetScore(target, rounds, own, material);
  });
}

function targetScore(
  target: TargetSummary,
  records: readonly ScenarioRecord[],
  all: readonly ScenarioRecord[],
  material: Material,
): TargetScore {
  const { seed } = material.run;
  const scores = records.map((record) => scoreOf(roundOf(record)));
  const values = scores.map(({ score }) => score);
  const parts: Partial<Record<Part, number>> = {};
  for (const name of PARTS) {
    const of = estimateOf(
      scores.map((one) => one.parts[name]),
      seed,
    );
    if (of !== null) parts[name] = of.median;
  }
  return {
    target,
    why: scores.length > 0 ? '' : whyNone(target, all, material),
    score: estimateOf(values, seed),
    stddev: deviation(values),
    rounds: scores.length,
    share: Math.min(1, ...records.map(({ figures }) => figures[PLAYED_SHARE] ?? 1)),
    parts,
    scenarios: scores.length === 0 ? [] : L0_SCENARIOS.map((name) => summaryOf(name, records)),
  };
}

function roundOf(record: ScenarioRecord): Round {
  const round = new Map<L0Scenario, Observation>();
  for (const scenario of L0_SCENARIOS) {
    const due = record.figures[l0Figures.due(scenario)];
    if (due === undefined) continue;
    const text = record.histograms[scenario];
    const histogram = text === undefined ? null : merged([decodeHistogram(text)]);
    const at = (percentile: number): number =>
      (histogram?.getValueAtPercentile(percentile) ?? 0) / 1e6;
    round.set(scenario, {
      due,
      right: record.figures[l0Figures.right(scenario)] ?? 0,
      seconds:
        histogram === null
          ? null
          : { p25: at(25), p50: at(50), p75: at(75), p95: at(95), p99: at(99) },
    });
  }
  return round;
}

/** Latency is told only of a scenario all of whose answers were right: fast refusals have none. */
function summaryOf(scenario: L0Scenario, records: readonly ScenarioRecord[]): ScenarioSummary {
  const sum = (name: string): number =>
    records.reduce((total, { figures }) => total + (figures[name] ?? 0), 0);
  const due = sum(l0Figures.due(scenario));
  const right = sum(l0Figures.right(scenario));
  const texts = records.flatMap(({ histograms }) => histograms[scenario] ?? []);
  const histogram = due > 0 && right === due ? merged(texts.map(decodeHistogram)) : null;
  const at = (percentile: number): number =>
    (histogram?.getValueAtPercentile(percentile) ?? 0) / 1e6;
  const seconds = histogram === null ? null : { p50: at(50), p95: at(95), p99: at(99) };
  return { scenario, due, right, seconds };
}

function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

function whyNone(
  target: TargetSummary,
  all: readonly ScenarioRecord[],
  material: Material,
): string {
  if (target.state === 'unavailable') return 'unavailable (see Targets)';
  const own = all.filter((one) => one.target === target.target);
  const reasons = own.flatMap((one) => one.void);
  if (reasons.length > 0) return `no round counts: ${listed(reasons)}`;
  const missing = all.find(({ tier }) => !target.capabilities.includes(tier));
  if (missing !== undefined) return `not offered: does not do ${missing.tier}, by its manifest`;
  if (target.state === 'failed') return target.why;
  return whyMissing(material);
}
