/**
 * Two runs compared: what changed for each target in each table, and whether that is beyond doubt.
 *
 * Rounds of two runs are not paired, so intervals are wider than within a run; for a decision about a
 * change of ours there is the gate.
 *
 * @module
 */

import type { ResultRecord, RunRecord } from '../../results/records.ts';
import { type Estimate, ratioOfMedians } from '../estimates.ts';
import { type Report, reportOf } from '../model.ts';
import { type Cell, cellId } from '../series.ts';
import { isMeasured, type Measured, type Table } from '../table-model.ts';
import type { TargetSummary } from '../targets.ts';

export type Verdict = 'better' | 'worse' | 'same' | 'unknown';

export interface Metric {
  readonly name: 'cpuUs' | 'requestsPerS' | 'p50Us' | 'p99Us';
  /** A change up to this share, its interval included, is none. */
  readonly margin: number;
  readonly lowerIsBetter: boolean;
}

/** The gate's margins; requests/s moves as much as p50 at the least. */
export const METRICS: readonly Metric[] = [
  { name: 'cpuUs', margin: 0.03, lowerIsBetter: true },
  { name: 'requestsPerS', margin: 0.05, lowerIsBetter: false },
  { name: 'p50Us', margin: 0.05, lowerIsBetter: true },
  { name: 'p99Us', margin: 0.15, lowerIsBetter: true },
];

/** With fewer rounds an interval says nothing. */
const ROUNDS_MIN = 6;

export interface MetricChange {
  readonly metric: Metric;
  readonly before: Estimate;
  readonly after: Estimate;
  /** After by before; null when it can't be told. */
  readonly ratio: Estimate | null;
  readonly verdict: Verdict;
}

export interface TargetChange {
  readonly target: TargetSummary;
  /** One for each metric that both runs have. */
  readonly changes: readonly MetricChange[];
  /** Why there is nothing to compare; empty when there is. */
  readonly why: string;
}

export interface Comparison {
  readonly before: RunRecord;
  readonly after: RunRecord;
  /** Why the two may not be comparable. */
  readonly warnings: readonly string[];
  readonly cells: readonly { readonly cell: Cell; readonly rows: readonly TargetChange[] }[];
}

/** Throws as `reportOf` does. */
export function compareRuns(
  before: readonly ResultRecord[],
  after: readonly ResultRecord[],
): Comparison {
  const [one, other] = [reportOf(before), reportOf(after)];
  const earlier = new Map(tablesOf(one).map((table) => [cellId(table.cell), table]));
  const cells = tablesOf(other).map((table) => ({
    cell: table.cell,
    rows: rowsOf(earlier.get(cellId(table.cell)), table),
  }));
  return { before: one.run, after: other.run, warnings: warningsOf(one, other), cells };
}

const tablesOf = ({ tiers }: Report): Table[] => tiers.flatMap(({ tables }) => tables);

function rowsOf(before: Table | undefined, after: Table): TargetChange[] {
  return after.rows.flatMap((row): TargetChange[] => {
    const { target } = row;
    const past = before?.rows.find((one) => one.target.target === target.target);
    if (past !== undefined && isMeasured(past) && isMeasured(row)) {
      return [{ target, changes: changesOf(past, row), why: '' }];
    }
    if (isMeasured(row)) {
      const why =
        past === undefined || isMeasured(past)
          ? 'was not there before'
          : `had no result before: ${past.why}`;
      return [{ target, changes: [], why }];
    }
    if (past === undefined || !isMeasured(past)) return [];
    return [{ target, changes: [], why: `has no result any more: ${row.why}` }];
  });
}

function changesOf(before: Measured, after: Measured): MetricChange[] {
  return METRICS.flatMap((metric) => {
    const [past, now] = [before[metric.name], after[metric.name]];
    if (past === null || now === null) return [];
    const ratio = ratioOfMedians(now, past);
    return [{ metric, before: past, after: now, ratio, verdict: verdictOf(metric, ratio) }];
  });
}

export function verdictOf({ margin, lowerIsBetter }: Metric, ratio: Estimate | null): Verdict {
  if (ratio === null || ratio.count < ROUNDS_MIN) return 'unknown';
  if (ratio.low > 1 - margin && ratio.high < 1 + margin) return 'same';
  if (ratio.low > 1) return lowerIsBetter ? 'worse' : 'better';
  if (ratio.high < 1) return lowerIsBetter ? 'better' : 'worse';
  return 'unknown';
}

function warningsOf(one: Report, other: Report): string[] {
  const warnings: string[] = [];
  const { run: before } = one;
  const { run: after } = other;
  if (before.machine.fingerprint !== after.machine.fingerprint) {
    warnings.push(
      `the machines differ (${before.machine.cpu}, ${before.machine.kernel}; ${after.machine.cpu}, ${after.machine.kernel}): no change can be laid to the targets`,
    );
  }
  if (before.plan.sha256 !== after.plan.sha256) {
    warnings.push(`the plans differ: ${before.plan.name} and ${after.plan.name}`);
  }
  if (before.driver.name !== after.driver.name || before.driver.version !== after.driver.version) {
    warnings.push(
      `the load generators differ: ${before.driver.name} ${before.driver.version} and ${after.driver.name} ${after.driver.version}`,
    );
  }
  return [...warnings, ...versionWarnings(one, other), ...configWarnings(one, other)];
}

function versionWarnings(one: Report, other: Report): string[] {
  const versions = new Map(one.targets.map(({ target, version }) => [target, version]));
  return other.targets.flatMap(({ target, title, version }) => {
    const past = versions.get(target);
    return past === undefined || past === version
      ? []
      : [`${title} was ${past || 'of no known version'} and is ${version || 'of none'}`];
  });
}

function configWarnings(one: Report, other: Report): string[] {
  const hashes = new Map(one.configs.map((config) => [fileOf(config), config.sha256]));
  const differing = other.configs.filter((config) => {
    const past = hashes.get(fileOf(config));
    return past !== undefined && past !== config.sha256;
  });
  return differing.map((config) => `the configurations differ of ${fileOf(config)}`);
}

function fileOf({ target, tier, file }: Report['configs'][number]): string {
  return `${target}, tier ${tier}: ${file}`;
}
