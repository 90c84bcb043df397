/**
 * What a report says, worked out from records: the one source of every table, chart and file.
 *
 * Pure: the same records give the same report. Times are microseconds, memory is bytes. A target
 * without a valid measurement has no numbers anywhere, only the reason.
 *
 * @module
 */

import { scoresOf, type TargetScore } from './scores.ts';
import type { ConfigRecord, EndRecord, ResultRecord, RunRecord } from '../results/records.ts';
import { type Capability, capabilitiesOf } from './capabilities.ts';
import { type Change, type HistorySeries, historyOf } from './history.ts';
import { readMaterial } from './material.ts';
import { type ScenarioTable, scenarioTables } from './scenario-tables.ts';
import { type Staircase, staircasesOf } from './staircase.ts';
import { type Table, tableOf } from './table-model.ts';
import { type TargetSummary, targetsOf } from './targets.ts';
import { type Check, checklistOf } from './trust.ts';

export interface TierSection {
  readonly tier: string;
  readonly title: string;
  readonly tables: readonly Table[];
}

export interface Report {
  readonly run: RunRecord;
  readonly end: EndRecord | null;
  readonly rounds: number;
  readonly targets: readonly TargetSummary[];
  readonly capabilities: Capability;
  readonly tiers: readonly TierSection[];
  readonly staircases: readonly Staircase[];
  readonly scenarios: readonly ScenarioTable[];
  /** The original L0 score; empty when its scenarios were not run. */
  readonly scores: readonly TargetScore[];
  readonly history: readonly HistorySeries[];
  readonly changes: readonly Change[];
  readonly checklist: readonly Check[];
  readonly configs: readonly ConfigRecord[];
}

/** Targets that ratios refer to, the first that was measured. */
const REFERENCES = ['nginx', 'haproxy', 'stoa'] as const;

export interface ReportOptions {
  /** The target that ratios refer to; else nginx, or the cheapest one where there is no nginx. */
  readonly reference?: string;
  /** Other runs, for the history; the report itself is of `records`. */
  readonly earlier?: readonly (readonly ResultRecord[])[];
}

/** Throws when there is no `run` record, or a histogram can't be read. */
export function reportOf(records: readonly ResultRecord[], options: ReportOptions = {}): Report {
  const material = readMaterial(records);
  const targets = targetsOf(material);
  const preferred = options.reference === undefined ? REFERENCES : [options.reference];
  const tables = material.cells.map((cell) => tableOf(cell, targets, material, preferred));
  const history = historyOf([...(options.earlier ?? []), records]);
  return {
    run: material.run,
    end: material.end,
    rounds: material.rounds,
    targets,
    capabilities: capabilitiesOf(targets, tables, material),
    tiers: material.tiers.map(({ tier, title }) => ({
      tier,
      title,
      tables: tables.filter(({ cell }) => cell.tier === tier),
    })),
    staircases: staircasesOf(targets, material),
    scenarios: scenarioTables(targets, material),
    scores: scoresOf(targets, material),
    history: history.series,
    changes: history.changes,
    checklist: checklistOf(material, tables),
    configs: material.configs,
  };
}
