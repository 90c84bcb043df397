/**
 * A tier's tables as grids: cost, throughput, latency, and what doesn't count and why.
 *
 * @module
 */

import { BASELINE } from '../tiers/tiers.ts';
import type { Rank } from './comparison.ts';
import { cellTitle, figure, grouped, likelihood, listed, mebibytes, millis } from './format.ts';
import { cell, column, EMPTY, estimated, type Grid, type GridCell, type GridRow } from './grid.ts';
import type { TierSection } from './model.ts';
import { cellId } from './series.ts';
import { isMeasured, type Measured, type Table, type Unmeasured } from './table-model.ts';

/** Under so many rounds the intervals are hardly more than the range. */
const FEW_ROUNDS = 6;

/** Marks a number that may be the generator's. */
export const BOUND_MARK = '†';

/** One grid for each body and load of the tier. */
export function tierGrids(section: TierSection): Grid[] {
  return section.tables.map((table) => tableGrid(section.title, table));
}

function tableGrid(tierTitle: string, table: Table): Grid {
  const compares = table.rows.some((row) => isMeasured(row) && row.p99AddedUs !== null);
  return {
    id: cellId(table.cell),
    title: `${tierTitle}: ${cellTitle(table.cell)}`,
    columns: [
      column('rank', '', { importance: 1 }),
      column('target', '', { numeric: false }),
      column('CPU', 'µs/request'),
      column(table.reference === null ? 'ratio' : `× ${table.reference}`, '', { importance: 3 }),
      column('P(cheaper)', '', { importance: 8 }),
      column('requests/s', '', { importance: 1 }),
      column('p50', 'ms'),
      column('p90', 'ms', { importance: 7 }),
      column('p99', 'ms'),
      ...(compares ? [column('p99 added', 'ms', { importance: 2 })] : []),
      column('p99.9', 'ms', { importance: 2 }),
      column('p99.99', 'ms', { importance: 6 }),
      column('max', 'ms', { importance: 5 }),
      column('samples', '', { importance: 9 }),
      column('memory', 'MiB', { importance: 4 }),
      column('cores', '', { importance: 10 }),
      column('rounds', '', { importance: 6 }),
    ],
    rows: table.rows.map((row) =>
      isMeasured(row) ? measuredRow(row, compares) : unmeasuredRow(row),
    ),
    notes: [...loadNotes(table, compares), ...notesOf(table)],
  };
}

function rankText({ from, to }: Rank): string {
  return from === to ? `${from}` : `${from}–${to}`;
}

function measuredRow(row: Measured, compares: boolean): GridRow {
  const { latency, target } = row;
  const rate = estimated(row.requestsPerS, grouped);
  return {
    target: target.target,
    message: '',
    cells: [
      row.rank === null ? EMPTY : cell(rankText(row.rank)),
      cell(target.title),
      estimated(row.cpuUs),
      row.versus === null ? EMPTY : estimated(row.versus.ratio),
      row.versus === null ? EMPTY : cell(likelihood(row.versus.cheaper)),
      row.bound.rounds > 0 ? { ...rate, text: `${rate.text}${BOUND_MARK}` } : rate,
      cell(millis(latency.p50Us)),
      cell(millis(latency.p90Us)),
      cell(millis(latency.p99Us)),
      ...(compares ? [estimated(row.p99AddedUs, millis)] : []),
      orEmpty(latency.p999Us),
      orEmpty(latency.p9999Us),
      cell(millis(latency.maxUs)),
      cell(grouped(latency.samples)),
      cell(mebibytes(row.memoryPeakBytes)),
      row.coresUsed === null ? EMPTY : cell(figure(row.coresUsed.median)),
      cell(roundsText(row.counted, row.voided.length)),
    ],
  };
}

function orEmpty(us: number | null): GridCell {
  return us === null ? EMPTY : cell(millis(us));
}

function roundsText(counted: number, voided: number): string {
  return voided === 0 ? `${counted}` : `${counted} of ${counted + voided}`;
}

const STATES: Readonly<Record<Unmeasured['state'], string>> = {
  unavailable: 'unavailable',
  'not-offered': 'not offered',
  'probe-failed': 'failed the probe',
  void: 'failed',
  missing: 'failed',
};

/** `failed the probe: refuses a forged token with 401`; why one is unavailable stands with the targets. */
function unmeasuredText({ state, why }: Pick<Unmeasured, 'state' | 'why'>): string {
  return state === 'unavailable' ? 'unavailable (see Targets)' : `${STATES[state]}: ${why}`;
}

function unmeasuredRow(row: Unmeasured): GridRow {
  return {
    target: row.target.target,
    cells: [EMPTY, cell(row.target.title)],
    message: unmeasuredText(row),
  };
}

const LOAD_NOTES: Readonly<Record<Table['cell']['load']['mode'], readonly string[]>> = {
  closed: ['Latency of a saturated target is that of its queue: compare it at a rate instead.'],
  share: [
    'Each is at a share of its own capacity, so at another rate: compare latency at one rate for all instead.',
  ],
  open: [],
};

function loadNotes({ cell: { load } }: Table, compares: boolean): string[] {
  const added = `p99 added is p99 less that of ${BASELINE} in the same round: ${BASELINE} is the upstream without a gateway, measured once for all tiers.`;
  return [...LOAD_NOTES[load.mode], ...(compares ? [added] : [])];
}

function notesOf(table: Table): string[] {
  const measured = table.rows.filter(isMeasured);
  const notes: string[] = [];
  for (const { target, bound } of measured.filter(({ bound: { rounds } }) => rounds > 0)) {
    notes.push(
      `${BOUND_MARK} ${target.title}: generator-bound in ${bound.rounds} of its rounds, such as: ${listed(bound.why)}.`,
    );
  }
  for (const { target, voided } of table.rows.filter(({ voided: { length } }) => length > 0)) {
    const rounds = voided.map(({ round, why }) => `round ${round} (${listed(why)})`);
    notes.push(`${target.title}: void: ${listed(rounds)}.`);
  }
  const fewest = Math.min(...measured.filter(({ rank }) => rank).map(({ counted }) => counted));
  if (fewest < FEW_ROUNDS) {
    notes.push(
      `With ${fewest} rounds only large differences can be told apart: what is small here is no finding.`,
    );
  }
  return notes;
}
