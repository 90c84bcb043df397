/**
 * What the sides are compared in: the job of the tier `full`, and one without a job.
 *
 * @module
 */

import type { LoadSpec } from '../../../arena/load/driver.ts';
import { CALLER } from '../../../arena/tiers/tiers.ts';
import type { Address, Front } from '../side.ts';

export interface Scenario {
  readonly title: string;
  readonly front: Front;
  readonly path: string;
  readonly connections: number;
  /** A new connection for every request. */
  readonly churn: boolean;
  /** Of a block: the same work each time. */
  readonly requests: number;
  /** Of a piece of the warm-up. */
  readonly warmUpRequests: number;
}

/** Of an answer's body. */
const BODY_BYTES = 138;

const KEPT = { path: `/api/bytes/${BODY_BYTES}`, connections: 64, churn: false } as const;
const USUAL = { ...KEPT, requests: 12_000, warmUpRequests: 10_000 } as const;

/** The first three unless asked otherwise. */
export const SCENARIOS = {
  full: { ...USUAL, title: 'key, limit, rewriting; uWebSockets.js front', front: 'uws' },
  'full-native': { ...USUAL, title: 'key, limit, rewriting; native front', front: 'native' },
  churn: {
    ...KEPT,
    title: 'the same, a connection for each request; uWebSockets.js front',
    front: 'uws',
    connections: 16,
    churn: true,
    requests: 3000,
    warmUpRequests: 2000,
  },
  pass: {
    ...USUAL,
    title: 'pass-through; uWebSockets.js front',
    front: 'uws',
    path: `/open/bytes/${BODY_BYTES}`,
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof SCENARIOS;
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];
export const DEFAULT_SCENARIOS = [
  'full',
  'full-native',
  'churn',
] as const satisfies readonly ScenarioName[];

export function scenarioOf(name: ScenarioName): Scenario {
  return SCENARIOS[name];
}

/** Waits for one answer. */
const TIMEOUT_MS = 2000;
/** Ends a load whatever comes of it. */
const LOAD_TIMEOUT_MS = 20_000;

function specOf(scenario: Scenario, address: Address, seed: number): Omit<LoadSpec, 'mode'> {
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': 'gate',
    'x-api-key': CALLER.key,
    'x-debug': '1',
  };
  return {
    ...address,
    requests: [{ method: 'GET', path: scenario.path, headers, bodyBytes: 0 }],
    connections: scenario.connections,
    warmUpMs: 0,
    measureMs: LOAD_TIMEOUT_MS,
    ...(scenario.churn ? { churn: true } : {}),
    timeoutMs: TIMEOUT_MS,
    expect: { status: 200, bodyBytes: BODY_BYTES },
    seed,
  };
}

/** As many requests as are answered, until there were `requests` or `measureMs` are over. */
export function closedLoad(
  scenario: Scenario,
  address: Address,
  bounds: { readonly requests?: number; readonly measureMs?: number },
): LoadSpec {
  return {
    ...specOf(scenario, address, 1),
    mode: 'closed',
    measureMs: bounds.measureMs ?? LOAD_TIMEOUT_MS,
    ...(bounds.requests === undefined ? {} : { requestsMax: bounds.requests }),
  };
}

/** The work of a block, due at moments that `seed` decides. */
export function openLoad(
  scenario: Scenario,
  address: Address,
  { ratePerS, seed }: { readonly ratePerS: number; readonly seed: number },
): LoadSpec {
  return {
    ...specOf(scenario, address, seed),
    mode: 'open',
    ratePerS,
    arrivals: 'poisson',
    requestsMax: scenario.requests,
  };
}
