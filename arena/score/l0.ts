/**
 * The original L0 score, with its defects corrected; the formula alone.
 *
 * 0 to 100 = 0.15 base + 0.20 burst_50 + 0.10 burst_100 + 0.15 availability + 0.10 error
 * + 0.15 consistency + 0.15 ramp. Seconds. What was corrected is in docs/arena-score.md; comparable
 * with other scores of this code, not with those published before. We rank by nothing of it.
 *
 * @module
 */

import type { L0Scenario } from './scenarios.ts';

export const PARTS = [
  'base',
  'burst_50',
  'burst_100',
  'availability',
  'error',
  'consistency',
  'ramp',
] as const;
export type Part = (typeof PARTS)[number];

const WEIGHTS: Readonly<Record<Part, number>> = {
  base: 0.15,
  burst_50: 0.2,
  burst_100: 0.1,
  availability: 0.15,
  error: 0.1,
  consistency: 0.15,
  ramp: 0.15,
};

/** Latency at which a part is worth nothing, seconds. */
const CAP_S = { base: 0.4, burst_50: 2.5, burst_100: 4 } as const;
/** Under this share of right answers a scenario's latency says nothing, and counts for nothing. */
const RIGHT_MIN = 0.99;
/** Above this p99 the ramp is worth less; ten seconds later half. */
const RAMP_P99_S = 2;

/** Loads that a working gateway answers without effort, and those that press it: no request is in both. */
const CALM: readonly L0Scenario[] = ['health', 'sequential', 'burst_10', 'sustained'];
const PRESSING: readonly L0Scenario[] = ['burst_50', 'burst_100', 'ramp_up'];

/** What is known of one scenario of one round. */
export interface Observation {
  readonly due: number;
  readonly right: number;
  /** Null when nothing was answered. */
  readonly seconds: {
    readonly p25: number;
    readonly p50: number;
    readonly p75: number;
    readonly p95: number;
    readonly p99: number;
  } | null;
}

export type Round = ReadonlyMap<L0Scenario, Observation>;

export interface Score {
  readonly score: number;
  /** Each from 0 to 100, before its weight. */
  readonly parts: Readonly<Record<Part, number>>;
}

/** A scenario that is missing is one that failed: its parts are worth 0. */
export function scoreOf(round: Round): Score {
  const parts: Record<Part, number> = {
    base: latencyPart(round.get('sequential'), CAP_S.base),
    burst_50: latencyPart(round.get('burst_50'), CAP_S.burst_50),
    burst_100: latencyPart(round.get('burst_100'), CAP_S.burst_100),
    availability: 100 * rightShare(round, CALM),
    error: 100 * rightShare(round, PRESSING),
    consistency: consistencyPart(round.get('sustained')),
    ramp: rampPart(round.get('ramp_up')),
  };
  return { parts, score: PARTS.reduce((sum, name) => sum + WEIGHTS[name] * parts[name], 0) };
}

/** The mean of the scenarios' shares, so that a scenario of many requests outweighs none. */
function rightShare(round: Round, scenarios: readonly L0Scenario[]): number {
  const shares = scenarios.map((name) => shareOf(round.get(name)));
  return shares.reduce((sum, share) => sum + share, 0) / scenarios.length;
}

function shareOf(seen: Observation | undefined): number {
  return seen === undefined || seen.due === 0 ? 0 : Math.min(1, seen.right / seen.due);
}

/** Whether what was measured is the work and not its refusal. */
function counts(seen: Observation | undefined): seen is Observation & { seconds: object } {
  return seen !== undefined && seen.seconds !== null && shareOf(seen) >= RIGHT_MIN;
}

function latencyPart(seen: Observation | undefined, capS: number): number {
  return counts(seen) ? clamped(100 * (1 - seen.seconds.p95 / capS)) : 0;
}

function consistencyPart(seen: Observation | undefined): number {
  if (!counts(seen)) return 0;
  const { p25, p50, p75 } = seen.seconds;
  return p50 === 0 ? 100 : clamped(100 * (1 - (p75 - p25) / p50));
}

/** The share of what was due, so that a perfect gateway reaches 100. */
function rampPart(seen: Observation | undefined): number {
  if (seen === undefined || seen.seconds === null) return 0;
  const late = seen.seconds.p99 - RAMP_P99_S;
  return 100 * shareOf(seen) * (late > 0 ? Math.max(0.5, 1 - late / 8) : 1);
}

function clamped(value: number): number {
  return Math.min(100, Math.max(0, value));
}
