/**
 * The seven scenarios of the original L0 score as loads of our driver, and what the runner keeps of
 * them: one `scenario` record named `l0` for each target and round.
 *
 * What was changed, and why, is in docs/arena-score.md.
 *
 * @module
 */

import type { LoadResult, LoadSpec, RequestSpec } from '../load/driver.ts';
import { encodeHistogram, mergeHistograms } from '../load/histogram.ts';

export const L0 = 'l0';
/** Those that a plan may ask for. */
export const SCORES = [L0] as const;

export const L0_SCENARIOS = [
  'health',
  'sequential',
  'burst_10',
  'burst_50',
  'burst_100',
  'sustained',
  'ramp_up',
] as const;
export type L0Scenario = (typeof L0_SCENARIOS)[number];

/** Where the loads go, and what is right. */
export interface L0Target {
  readonly host: string;
  readonly port: number;
  /** Sent in turn. */
  readonly requests: readonly RequestSpec[];
  readonly expect: LoadSpec['expect'];
  readonly seed: number;
}

/** One part after the other; most scenarios have one. */
export interface L0Load {
  readonly scenario: L0Scenario;
  readonly parts: readonly LoadSpec[];
}

const TIMEOUT_MS = 10_000;
/** What k6's users without think time are here: each asks so often, whatever the answers do. */
const RATE_PER_USER_PER_S = 20;
const BURST_MS = 10_000;
/** Requests a second, and for how long: the original's ramp, its steps at their ends. */
const RAMP = [
  [10, 5000],
  [30, 10_000],
  [60, 10_000],
  [100, 25_000],
  [10, 10_000],
] as const;

/** In the order in which they are to be run; `share` shortens all of them, for tests. */
export function l0Loads(target: L0Target, share = 1): L0Load[] {
  const { host, port, requests, expect, seed } = target;
  const common = {
    host,
    port,
    requests,
    expect,
    seed,
    timeoutMs: TIMEOUT_MS,
    warmUpMs: 0,
  };
  const ms = (wholeMs: number): number => Math.max(50, Math.round(wholeMs * share));
  const counted = (connections: number, requestsMax: number, wholeMs: number): LoadSpec => ({
    ...common,
    mode: 'closed',
    connections,
    measureMs: ms(wholeMs),
    requestsMax: Math.max(1, Math.round(requestsMax * share)),
  });
  const offered = (connections: number, ratePerS: number, wholeMs: number): LoadSpec => ({
    ...common,
    mode: 'open',
    connections,
    ratePerS,
    arrivals: 'constant',
    measureMs: ms(wholeMs),
  });
  const burst = (users: number): LoadSpec => ({
    ...offered(users, users * RATE_PER_USER_PER_S, BURST_MS),
    arrivals: 'poisson',
  });
  return [
    { scenario: 'health', parts: [counted(1, 20, 10_000)] },
    { scenario: 'sequential', parts: [counted(1, 1000, 30_000)] },
    { scenario: 'burst_10', parts: [burst(10)] },
    { scenario: 'burst_50', parts: [burst(50)] },
    { scenario: 'burst_100', parts: [burst(100)] },
    { scenario: 'sustained', parts: [counted(1, 5000, 60_000)] },
    { scenario: 'ramp_up', parts: RAMP.map(([rate, wholeMs]) => offered(50, rate, wholeMs)) },
  ];
}

/** What a `scenario` record keeps of a round. */
export interface L0Kept {
  readonly figures: Record<string, number>;
  readonly histograms: Record<string, string>;
}

/** The figure that holds which part of the loads was played. */
export const PLAYED_SHARE = 'played_share';

/** Names of the figures of a scenario. */
export const l0Figures = {
  due: (scenario: L0Scenario) => `${scenario}_due_requests`,
  right: (scenario: L0Scenario) => `${scenario}_right_requests`,
  elapsed: (scenario: L0Scenario) => `${scenario}_elapsed_ms`,
} as const;

/** `results`: what the driver answered to the parts of each scenario that was run. */
export function l0Kept(
  results: ReadonlyMap<L0Scenario, readonly LoadResult[]>,
  { expect, share }: { readonly expect: LoadSpec['expect']; readonly share: number },
): L0Kept {
  const figures: Record<string, number> = { [PLAYED_SHARE]: share };
  const histograms: Record<string, string> = {};
  for (const [scenario, parts] of results) {
    const sum = (of: (part: LoadResult) => number): number =>
      parts.reduce((total, part) => total + of(part), 0);
    figures[l0Figures.due(scenario)] = sum(({ requests }) => requests);
    figures[l0Figures.right(scenario)] = sum((part) => right(part, expect));
    figures[l0Figures.elapsed(scenario)] = sum(({ elapsedMs }) => elapsedMs);
    histograms[scenario] = encodeHistogram(mergeHistograms(parts.map(({ latency }) => latency)));
  }
  return { figures, histograms };
}

/** Answers that were the expected one: a wrong body has the right status and is no right answer. */
function right(part: LoadResult, expect: LoadSpec['expect']): number {
  return Math.max(0, (part.statuses[expect.status.toString()] ?? 0) - (part.errors['body'] ?? 0));
}
