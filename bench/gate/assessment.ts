/**
 * From what was measured to what it means: a pure function, so that the same recording gives the
 * same verdict, table and file.
 *
 * @module
 */

import type { Machine } from '../../arena/results/records.ts';
import type { Outcome, Verdict } from './decision/verdict.ts';
import { type Reproduction, reproduced } from './decision/reproduce.ts';
import { type Budget, type BudgetReport, compareWithBudget } from './deterministic/budget.ts';
import type { Counted } from './deterministic/callgrind.ts';
import { compareInstructions, type InstructionReport } from './deterministic/instructions.ts';
import type { Scripted } from './deterministic/scripted.ts';
import { ADVICE, EXIT_CODES } from './exit-codes.ts';
import { type PairedRun, verdictOf } from './paired/run.ts';

export const RECORDING_VERSION = 1;

export interface Named {
  /** As it was asked for. */
  readonly ref: string;
  readonly commit: string;
}

/** Layer 1 as measured. */
export interface Deterministic {
  /** base is null where the program does not compile against it. */
  readonly instructions: { readonly base: Counted | null; readonly head: Counted };
  readonly scripted: Scripted;
  readonly budget: Budget;
  /** What was left out, and why. */
  readonly skipped: readonly string[];
}

/** Everything that was measured, and where: what a verdict can be made from again. */
export interface Recording {
  readonly kind: 'gate';
  readonly version: typeof RECORDING_VERSION;
  readonly at: string;
  /** Words of the command line. */
  readonly command: readonly string[];
  readonly base: Named;
  readonly head: Named;
  readonly seed: number;
  readonly machine: Machine;
  readonly driver: { readonly name: string; readonly version: string } | null;
  /** Load average over a minute when it began. */
  readonly loadAverage: number;
  /** null when the layer was not asked for. */
  readonly deterministic: Deterministic | null;
  /** CPU µs that a request cost nginx in the same run; null where that was not measured. */
  readonly canaryUs: number | null;
  /** The paired run, and its repetition where it called a regression; none when not asked for. */
  readonly runs: readonly PairedRun[];
}

export interface Assessment {
  readonly outcome: Outcome;
  readonly exitCode: number;
  readonly improvement: boolean;
  /** Why, in sentences for people. */
  readonly reasons: readonly string[];
  /** What to do about it. */
  readonly advice: string;
  readonly instructions: InstructionReport | null;
  readonly budget: BudgetReport | null;
  /** One for each run. */
  readonly verdicts: readonly Verdict[];
  readonly reproduction: Reproduction | null;
}

const NOTHING_COUNTED: Counted = { instructions: {}, program: 'own' };

export function assess({ deterministic, runs }: Recording): Assessment {
  const instructions =
    deterministic === null
      ? null
      : compareInstructions(
          deterministic.instructions.base ?? NOTHING_COUNTED,
          deterministic.instructions.head,
        );
  const budget =
    deterministic === null ? null : compareWithBudget(deterministic.budget, deterministic.scripted);
  const verdicts = runs.map(verdictOf);
  const [first, second] = verdicts;
  const reproduction =
    first?.outcome === 'regress' && second !== undefined ? reproduced(first, second) : null;
  const paired = reproduction ?? unconfirmed(first);
  const red = [...redInstructions(instructions), ...redBudget(budget)];
  const outcome = red.length > 0 ? 'regress' : (paired?.outcome ?? 'pass');
  const reasons = [...red, ...(paired?.reasons ?? [])];
  return {
    outcome,
    exitCode: EXIT_CODES[outcome],
    improvement: outcome !== 'regress' && (first?.improvement ?? false),
    reasons: reasons.length > 0 ? reasons : ['nothing costs more than it may'],
    advice: ADVICE[outcome],
    instructions,
    budget,
    verdicts,
    reproduction,
  };
}

/** A regression that was not repeated, because that was ended, is none yet. */
function unconfirmed(
  first: Verdict | undefined,
): { readonly outcome: Outcome; readonly reasons: readonly string[] } | null {
  if (first === undefined) return null;
  const { outcome, reasons } = first;
  if (outcome !== 'regress') return { outcome, reasons };
  return {
    outcome: 'inconclusive',
    reasons: ['a regression that was not measured again', ...reasons],
  };
}

function share(value: number): string {
  return `${value < 0 ? '−' : '+'}${(Math.abs(value) * 100).toFixed(2)} %`;
}

function redInstructions(report: InstructionReport | null): string[] {
  return (report?.rows ?? [])
    .filter(({ verdict }) => verdict === 'regress')
    .map(
      ({ scenario, growth, growthMax }) =>
        `instructions of ${scenario}: ${share(growth ?? 0)}, at most ${share(growthMax)} may be`,
    );
}

function redBudget(report: BudgetReport | null): string[] {
  return (report?.rows ?? [])
    .filter(({ verdict }) => verdict === 'regress')
    .map(({ count, spent, max, tolerance }) => {
      const within = tolerance === 0 ? '' : ` within ${(tolerance * 100).toFixed(1)} %`;
      return `${count}: ${spent} for 10 000 requests, the budget is ${max}${within}`;
    });
}
