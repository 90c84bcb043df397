/**
 * Everything else that a report shows as tables: targets, capabilities, steps, scenarios, trust.
 *
 * @module
 */

import type { Capability, CapabilityCell } from './capabilities.ts';
import { bytes, cellTitle, figureTitle, loadTitle, mebibytes, millis, signed } from './format.ts';
import {
  cell,
  column,
  EMPTY,
  estimated,
  type Grid,
  type GridCell,
  type GridColumn,
} from './grid.ts';
import type { Report } from './model.ts';
import type { ScenarioRow, ScenarioTable } from './scenario-tables.ts';
import { loadId } from './series.ts';
import type { Staircase } from './staircase.ts';
import type { TargetSummary } from './targets.ts';

const STATE_TEXT: Readonly<Record<TargetSummary['state'], string>> = {
  measured: 'measured',
  unavailable: 'unavailable',
  'not-offered': 'not offered',
  failed: 'failed',
};

export function targetGrid({ targets }: Report): Grid {
  return {
    id: 'targets',
    title: 'Targets',
    columns: [
      column('target', '', { numeric: false }),
      column('version', '', { numeric: false }),
      column('kind', '', { numeric: false, importance: 2 }),
      column('state', '', { numeric: false }),
    ],
    rows: targets.map((target) => ({
      target: target.target,
      message: target.state === 'measured' ? '' : `${STATE_TEXT[target.state]}: ${target.why}`,
      cells: [
        cell(target.title),
        target.version === '' ? EMPTY : cell(target.version),
        target.adapter === '' ? EMPTY : cell(target.adapter),
        ...(target.state === 'measured' ? [cell('measured')] : []),
      ],
    })),
    notes: [],
  };
}

const CAPABILITY_TEXT: Readonly<Record<CapabilityCell['state'], string>> = {
  measured: 'does it',
  passes: 'does it',
  void: 'failed',
  'probe-failed': 'fails the probe',
  'not-offered': 'not offered',
  unavailable: 'unavailable',
  missing: 'failed',
};

export function capabilityGrid({ capabilities, tiers }: Report): Grid {
  const first = tiers.find(({ tables }) => tables.length > 0)?.tables[0]?.cell;
  return {
    id: 'capabilities',
    title: 'What each does, and what it costs: CPU µs/request',
    columns: [
      column('target', '', { numeric: false }),
      ...capabilities.tiers.map(({ tier }) => column(tier)),
    ],
    rows: capabilities.rows.map(({ target, cells }) => ({
      target: target.target,
      message: '',
      cells: [cell(target.title), ...cells.map(capabilityCell)],
    })),
    notes: [
      ...(first === undefined ? [] : [`Costs are with ${cellTitle(first)}.`]),
      ...reasons(capabilities),
    ],
  };
}

function capabilityCell({ state, cpuUs }: CapabilityCell): GridCell {
  if (state === 'measured' && cpuUs !== null) return estimated(cpuUs);
  const tone = state === 'measured' || state === 'passes' ? 'plain' : TONES[state];
  return cell(CAPABILITY_TEXT[state], tone);
}

const TONES = {
  void: 'bad',
  'probe-failed': 'bad',
  'not-offered': 'muted',
  unavailable: 'muted',
  missing: 'bad',
} as const;

/** Of what failed, once each. */
function reasons({ rows }: Capability): string[] {
  return rows.flatMap(({ target, cells }) =>
    cells
      .filter(({ state }) => state === 'probe-failed' || state === 'void' || state === 'missing')
      .map(({ tier, why }) => `${target.title}, ${tier}: ${why}.`),
  );
}

export function staircaseGrid(staircase: Staircase, report: Report): Grid {
  const tiers = report.tiers.filter(({ tier }) =>
    staircase.rows.some(({ steps }) => steps.some((step) => step.tier === tier)),
  );
  const builds = new Map(
    staircase.rows.flatMap(({ steps }) =>
      steps.flatMap(({ tier, added }) => (added === null ? [] : [[tier, added.from] as const])),
    ),
  );
  return {
    id: `steps-${staircase.bodyBytes}b-${loadId(staircase.load)}`,
    title: `What each feature adds: CPU µs/request (${bytes(staircase.bodyBytes)} body, ${loadTitle(staircase.load)})`,
    columns: [
      column('target', '', { numeric: false }),
      ...tiers.map(({ tier }) => {
        const from = builds.get(tier);
        return column(from === undefined ? tier : `${tier} − ${from}`);
      }),
    ],
    rows: staircase.rows.map(({ target, steps }) => ({
      target: target.target,
      message: '',
      cells: [
        cell(target.title),
        ...tiers.map(({ tier }) => {
          const step = steps.find((one) => one.tier === tier);
          if (step === undefined) return EMPTY;
          if (step.added !== null) return estimated(step.added.us, signed);
          return builds.has(tier) ? EMPTY : estimated(step.cpuUs);
        }),
      ],
    })),
    notes: ['Differences are taken within a round; the first column is the whole cost.'],
  };
}

export function scenarioGrid(table: ScenarioTable): Grid {
  return {
    id: `scenario-${table.scenario}-${table.tier}`,
    title: `Scenario ${table.scenario} (tier ${table.tier})`,
    columns: [
      column('target', '', { numeric: false }),
      ...table.figures.map((name) => {
        const { title, unit } = figureTitle(name);
        return column(title, unit);
      }),
      ...table.histograms.flatMap(latencyColumns),
      column('CPU', 'µs/request', { importance: 2 }),
      column('memory', 'MiB', { importance: 3 }),
      column('rounds', '', { importance: 4 }),
    ],
    rows: table.rows.map((row) =>
      row.why === ''
        ? { target: row.target.target, message: '', cells: scenarioCells(row, table) }
        : { target: row.target.target, message: row.why, cells: [cell(row.target.title)] },
    ),
    notes: table.rows.flatMap(({ target, voided, bound, counted }) => [
      ...(counted === 0 ? [] : voided).map(
        ({ round, why }) => `${target.title}: round ${round} is void: ${why.join('; ')}.`,
      ),
      ...bound.map((why) => `${target.title}: generator-bound: ${why}.`),
    ]),
  };
}

function latencyColumns(name: string): GridColumn[] {
  const { title } = figureTitle(name);
  return [
    column(`${title} p50`, 'ms', { importance: 1 }),
    column(`${title} p99`, 'ms'),
    column(`${title} max`, 'ms', { importance: 3 }),
  ];
}

function scenarioCells(row: ScenarioRow, table: ScenarioTable): GridCell[] {
  const { counted, voided } = row;
  return [
    cell(row.target.title),
    ...table.figures.map((name) => estimated(row.figures.get(name) ?? null)),
    ...table.histograms.flatMap((name) => {
      const latency = row.latencies.get(name);
      if (latency === undefined) return [EMPTY, EMPTY, EMPTY];
      return [latency.p50Us, latency.p99Us, latency.maxUs].map((us) => cell(millis(us)));
    }),
    estimated(row.cpuUs),
    cell(mebibytes(row.memoryPeakBytes)),
    cell(voided.length === 0 ? `${counted}` : `${counted} of ${counted + voided.length}`),
  ];
}

export function checklistGrid({ checklist }: Report): Grid {
  const marks = { yes: 'good', no: 'bad', unknown: 'muted' } as const;
  return {
    id: 'trust',
    title: 'What makes this worth believing',
    columns: [
      column('met', '', { numeric: false }),
      column('what', '', { numeric: false }),
      column('found', '', { numeric: false }),
    ],
    rows: checklist.map(({ name, met, detail }) => ({
      target: null,
      message: '',
      cells: [cell(met, marks[met]), cell(name), cell(detail)],
    })),
    notes: [],
  };
}

export function historyGrid({ changes }: Report): Grid | null {
  if (changes.length === 0) return null;
  return {
    id: 'changes',
    title: 'Changes over the runs',
    columns: [
      column('target', '', { numeric: false }),
      column('tier', '', { numeric: false }),
      column('load', '', { numeric: false, importance: 1 }),
      column('from', '', { numeric: false }),
      column('CPU before', 'µs/request'),
      column('after', 'µs/request'),
      column('change'),
    ],
    rows: changes.map((change) => ({
      target: change.target.target,
      message: '',
      cells: [
        cell(change.target.title),
        cell(change.cell.tier),
        cell(cellTitle(change.cell)),
        cell(`${change.at.slice(0, 16).replace('T', ' ')} (${change.commit.slice(0, 12)})`),
        estimated({ median: change.beforeUs, low: 0, high: 0, count: 1 }),
        estimated({ median: change.afterUs, low: 0, high: 0, count: 1 }),
        cell(
          `${signed((change.afterUs / change.beforeUs - 1) * 100)} %`,
          change.afterUs > change.beforeUs ? 'bad' : 'good',
        ),
      ],
    })),
    notes: [],
  };
}
