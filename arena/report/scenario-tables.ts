/**
 * Scenarios as tables: figures as medians of rounds, histograms merged by counts.
 *
 * @module
 */

import type { ScenarioRecord } from '../results/records.ts';
import { L0 } from '../score/scenarios.ts';
import { type Estimate, estimateOf } from './estimates.ts';
import { listed } from './format.ts';
import { decodeHistogram } from '../load/histogram.ts';
import { type Latency, latencyOf, merged } from './latency.ts';
import type { Material } from './material.ts';
import { type TargetSummary, whyMissing } from './targets.ts';

export interface ScenarioRow {
  readonly target: TargetSummary;
  /** By name, as far as this target has them. */
  readonly figures: ReadonlyMap<string, Estimate>;
  readonly latencies: ReadonlyMap<string, Latency>;
  readonly cpuUs: Estimate | null;
  readonly memoryPeakBytes: number | null;
  readonly counted: number;
  readonly voided: readonly { readonly round: number; readonly why: readonly string[] }[];
  readonly bound: readonly string[];
  /** Why there are no numbers; empty when there are. */
  readonly why: string;
}

export interface ScenarioTable {
  readonly scenario: string;
  readonly tier: string;
  /** Names of figures and histograms that any target has. */
  readonly figures: readonly string[];
  readonly histograms: readonly string[];
  readonly rows: readonly ScenarioRow[];
}

/** In the order of the scenarios' names; the original score's data has a table of its own. */
export function scenarioTables(
  targets: readonly TargetSummary[],
  material: Material,
): ScenarioTable[] {
  const records = material.scenarios.filter(({ scenario }) => scenario !== L0);
  const keys = new Map(
    records.map(({ scenario, tier }) => [`${scenario} ${tier}`, { scenario, tier }]),
  );
  return [...keys.keys()].toSorted().flatMap((key) => {
    const kind = keys.get(key);
    if (kind === undefined) return [];
    const own = records.filter(
      ({ scenario, tier }) => scenario === kind.scenario && tier === kind.tier,
    );
    const names = (of: (one: ScenarioRecord) => object): string[] =>
      [...new Set(own.flatMap((one) => Object.keys(of(one))))].toSorted();
    return [
      {
        ...kind,
        figures: names(({ figures }) => figures),
        histograms: names(({ histograms }) => histograms),
        rows: targets.map((target) => rowOf(target, own, kind, material)),
      },
    ];
  });
}

function rowOf(
  target: TargetSummary,
  records: readonly ScenarioRecord[],
  kind: Pick<ScenarioTable, 'scenario' | 'tier'>,
  material: Material,
): ScenarioRow {
  const own = records.filter((one) => one.target === target.target);
  const counted = own.filter((one) => one.void.length === 0);
  const memory = counted.flatMap(({ memoryPeakBytes }) => memoryPeakBytes ?? []);
  const { seed } = material.run;
  return {
    target,
    figures: figuresOf(counted, seed),
    latencies: latenciesOf(counted),
    cpuUs: estimateOf(
      counted.flatMap(({ cpuUsPerRequest }) => cpuUsPerRequest ?? []),
      seed,
    ),
    memoryPeakBytes: memory.length === 0 ? null : Math.max(...memory),
    counted: counted.length,
    voided: own
      .filter((one) => one.void.length > 0)
      .map(({ round, void: why }) => ({ round, why })),
    bound: [...new Set(counted.flatMap(({ generator }) => generator.bound))],
    why: counted.length > 0 ? '' : whyNone(target, own, kind, material),
  };
}

function figuresOf(records: readonly ScenarioRecord[], seed: number): Map<string, Estimate> {
  const names = [...new Set(records.flatMap(({ figures }) => Object.keys(figures)))].toSorted();
  const figures = new Map<string, Estimate>();
  for (const name of names) {
    const estimate = estimateOf(
      records.flatMap((one) => one.figures[name] ?? []),
      seed,
    );
    if (estimate !== null) figures.set(name, estimate);
  }
  return figures;
}

function latenciesOf(records: readonly ScenarioRecord[]): Map<string, Latency> {
  const names = [...new Set(records.flatMap((one) => Object.keys(one.histograms)))].toSorted();
  const latencies = new Map<string, Latency>();
  for (const name of names) {
    const found = records.flatMap((one) => one.histograms[name] ?? []);
    const histogram = merged(found.map(decodeHistogram));
    if (histogram !== null) latencies.set(name, latencyOf(histogram));
  }
  return latencies;
}

function whyNone(
  target: TargetSummary,
  own: readonly ScenarioRecord[],
  { scenario, tier }: Pick<ScenarioTable, 'scenario' | 'tier'>,
  material: Material,
): string {
  if (target.state === 'unavailable') return 'unavailable (see Targets)';
  const reasons = own.flatMap((one) => one.void);
  if (reasons.length > 0) return `no round counts: ${listed(reasons)}`;
  const missing = [scenario, tier].find((name) => !target.capabilities.includes(name));
  if (missing !== undefined) return `not offered: does not do ${missing}, by its manifest`;
  if (target.state === 'failed') return target.why;
  return whyMissing(material);
}
