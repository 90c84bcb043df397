/**
 * The verdict for people: where and what was measured, one table, what it means and what to do.
 *
 * @module
 */

import { tableLines } from '../load/table.ts';
import type { Assessment, Named, Recording } from './assessment.ts';
import { percent } from './decision/reasons.ts';
import type { CellVerdict, Metric, Verdict } from './decision/verdict.ts';
import type { BudgetReport } from './deterministic/budget.ts';
import type { InstructionReport } from './deterministic/instructions.ts';

const COMMIT_CHARACTERS = 12;

type Row = Readonly<
  Record<
    'measured' | 'base' | 'head' | 'change' | 'between' | 'may be' | 'base again' | 'n' | 'verdict',
    string
  >
>;

const EMPTY: Row = {
  measured: '',
  base: '',
  head: '',
  change: '',
  between: '',
  'may be': '',
  'base again': '',
  n: '',
  verdict: '',
};

const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  cpuUsPerRequest: 'CPU µs a request',
  p50: 'p50 µs',
  p99: 'p99 µs',
};

/** Everything that is printed at the end, with a line feed behind it. */
export function reportText(recording: Recording, assessment: Assessment): string {
  const { deterministic } = recording;
  const rows = [
    ...instructionRows(assessment.instructions),
    ...budgetRows(assessment.budget),
    ...assessment.verdicts.flatMap((verdict, at) => cellRows(verdict, at === 0 ? '' : ', again')),
  ];
  const lines = [
    ...conditions(recording),
    '',
    ...tableLines(rows),
    ...(rows.length > 0 ? [''] : []),
    ...(deterministic?.skipped ?? []).map((what) => `left out: ${what}`),
    ...lostRounds(assessment.verdicts),
    `${assessment.outcome}${assessment.improvement ? ', and better' : ''} (exit code ${assessment.exitCode})`,
    ...assessment.reasons.map((reason) => `  ${reason}`),
    `  ${assessment.advice}`,
  ];
  return `${lines.join('\n')}\n`;
}

function nameOf({ ref, commit }: Named): string {
  const short = commit.slice(0, COMMIT_CHARACTERS);
  return commit.startsWith(ref) ? short : `${ref} (${short})`;
}

function conditions(recording: Recording): string[] {
  const { machine, base, head, seed, driver, runs, at } = recording;
  const rounds = runs.map((run) => verdictRounds(run.rounds)).join(' and ');
  const how =
    driver === null || runs.length === 0
      ? ''
      : `; ${rounds} rounds, driver ${driver.name} ${driver.version}`;
  return [
    `gate: base ${nameOf(base)}, head ${nameOf(head)}`,
    `${at}; ${machine.cpu}, ${machine.cores} cores, ${machine.os}, Linux ${machine.kernel}, Node ${machine.node}; load ${recording.loadAverage.toFixed(1)} at the start; seed ${seed}${how}`,
  ];
}

function verdictRounds(rounds: readonly { readonly round: number }[]): number {
  return new Set(rounds.map(({ round }) => round)).size;
}

function lostRounds(verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ lost }) => lost > 0)
    .map(({ lost }) => `${lost} measurements did not count: the machine or the generator was busy`);
}

/** `13 507`; a decimal or two where the number is small. */
function plain(value: number | null): string {
  if (value === null) return '-';
  const digits = Number.isInteger(value) ? 0 : value < 100 ? 2 : value < 1000 ? 1 : 0;
  const [whole = '', fraction] = value.toFixed(digits).split('.');
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ' ');
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}

function instructionRows(report: InstructionReport | null): Row[] {
  return (report?.rows ?? []).map(({ scenario, base, head, growth, growthMax, verdict }) => ({
    ...EMPTY,
    measured: `instructions, ${scenario}`,
    base: base === null ? '' : plain(base),
    head: head === null ? '' : plain(head),
    change: growth === null ? '' : percent(growth),
    'may be': percent(growthMax),
    verdict,
  }));
}

function budgetRows(report: BudgetReport | null): Row[] {
  return (report?.rows ?? []).map(({ count, spent, max, tolerance, verdict }) => ({
    ...EMPTY,
    measured: `${count} of 10 000 requests`,
    head: plain(spent),
    'may be': tolerance === 0 ? plain(max) : `${plain(max)} ${percent(tolerance)}`,
    verdict,
  }));
}

function cellRows({ cells }: Verdict, repetition: string): Row[] {
  return cells.map((cell) => ({
    measured: `${cell.scenario}, ${METRIC_NAMES[cell.metric]}${repetition}`,
    base: plain(cell.base),
    head: plain(cell.head),
    change: percent(cell.estimate),
    between: `${percent(cell.low)} … ${percent(cell.high)}`,
    'may be': percent(cell.margin),
    'base again': percent(cell.control.estimate),
    n: `${cell.n}`,
    verdict: verdictText(cell),
  }));
}

function verdictText({ outcome, improvement, control }: CellVerdict): string {
  if (control.biased) return 'void';
  return improvement ? 'better' : outcome;
}
