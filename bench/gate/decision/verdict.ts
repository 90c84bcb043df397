/**
 * What the gate is told of a run and what it answers: the shapes, and nothing else.
 *
 * Effects are shares: 0.05 is 5 % more than base, and base is the geometric mean of both base blocks
 * of a round. The words of an answer:
 *
 *  - `regress`: worse than harmless (half a margin) beyond the allowed error, and by best estimate worse than the margin;
 *  - `pass`: beyond the allowed error not worse than the margin, in every cell;
 *  - `inconclusive`: neither; more rounds may tell, unless `final`;
 *  - `void`: the environment, not the change, was measured.
 *
 * @module
 */

export const METRICS = ['cpuUsPerRequest', 'p50', 'p99'] as const;
export type Metric = (typeof METRICS)[number];

/** What was going on while a block was measured. */
export interface Guards {
  /** p99 of how late the generator sent, in microseconds; null where it sends on answers. */
  readonly lagP99Us: number | null;
  /** Answers of another status or length than the scenario's, and failed exchanges. */
  readonly unexpected: number;
  /** Share of the time in which the host kept the machine from running. */
  readonly stolenShare: number;
  /** Share of the gateways' core that others used, or kept it from using. */
  readonly foreignCores: number;
}

/** One program under one scenario, once. Any unit will do for p50 and p99: only ratios count. */
export interface GateBlock {
  readonly metrics: Readonly<Record<Metric, number>>;
  readonly guards: Guards;
}

/** One scenario's three blocks of a round, measured right after one another in a random order. */
export interface GateRound {
  /** Counts from 1; the same for all scenarios of a round. */
  readonly round: number;
  readonly scenario: string;
  /** Base. */
  readonly a: GateBlock;
  /** Head. */
  readonly b: GateBlock;
  /** Base again: another copy, started apart. */
  readonly a2: GateBlock;
}

export interface Cell {
  readonly scenario: string;
  readonly metric: Metric;
}

/** What is asked of the numbers before they count as proof. Each has a default: see `DEFAULT_DESIGN`. */
export interface GateDesign {
  /** By how much head may be worse, as a share. */
  readonly margins: Readonly<Record<Metric, number>>;
  /** The share of its margin up to which a slowdown counts as harmless. */
  readonly harmlessShare: number;
  /** Rounds after which is decided; the last is the most there will be. */
  readonly looks: readonly number[];
  /** Chance that a harmless change is called a regression, over all looks and cells; the same for passing. */
  readonly alpha: number;
  /** Chance that an even environment is called biased, over all looks and cells. */
  readonly controlAlpha: number;
  /** Of each bootstrap distribution. */
  readonly resamples: number;
  /** Above any of these a round does not count. */
  readonly limits: Readonly<Omit<Guards, 'unexpected'> & { readonly lagP99Us: number }>;
  /** Above this share of rounds that don't count, the run is void. */
  readonly lostShareMax: number;
}

export interface GateInput {
  /** Decides what the bootstrap draws. */
  readonly seed: number;
  /** All rounds so far, of every scenario, in any order. */
  readonly rounds: readonly GateRound[];
  /** Decide these only, as a repetition does for what was called a regression; all unless given. */
  readonly only?: readonly Cell[];
  /** Where it differs from the default. */
  readonly design?: Partial<GateDesign>;
}

export type Outcome = 'pass' | 'regress' | 'inconclusive' | 'void';

/** An effect with its one-sided bounds, as shares; bounds are infinite when too few rounds count. */
export interface Effect {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface CellVerdict extends Cell, Effect {
  readonly outcome: Exclude<Outcome, 'void'>;
  readonly improvement: boolean;
  readonly margin: number;
  /** Up to here a slowdown counts as harmless: what `low` must be above. */
  readonly harmless: number;
  /** How likely such rounds are, if head were no slower than harmless: signed-rank, one-sided. */
  readonly p: number;
  /** Rounds that count. */
  readonly n: number;
  /** Level of `low`: what this look may spend, divided by Holm's step. */
  readonly alpha: number;
  /** Level of `high`: what this look may spend, for all cells must pass at once. */
  readonly alphaPass: number;
  /** Medians over rounds, in the unit of the input: both base blocks, and head. */
  readonly base: number;
  readonly head: number;
  /** Base again against base. */
  readonly control: ControlVerdict;
}

export interface ControlVerdict extends Effect {
  /** Two-sided, adjusted for the number of cells. */
  readonly p: number;
  /** Proven to differ, and by more than half a margin. */
  readonly biased: boolean;
}

export interface Verdict {
  readonly outcome: Outcome;
  /** Nothing regressed, and some cell is better by as much as a regression must be worse. */
  readonly improvement: boolean;
  /** 0 pass, 1 regress, 75 inconclusive, 78 void. */
  readonly exitCode: 0 | 1 | 75 | 78;
  /** Whether more rounds of this run would change nothing. */
  readonly final: boolean;
  /** Rounds to have before deciding again; null when final. */
  readonly nextLook: number | null;
  /** Why, in sentences for people; at least one. */
  readonly reasons: readonly string[];
  readonly seed: number;
  /** Rounds that were run. */
  readonly rounds: number;
  /** Scenarios' rounds, of those looked at, that don't count because of their guards. */
  readonly lost: number;
  /** Which look this is, counted from 1; 0 before the first. */
  readonly look: number;
  readonly looks: readonly number[];
  /** In the order of scenarios' first appearance, then of METRICS; empty before the first look. */
  readonly cells: readonly CellVerdict[];
}
