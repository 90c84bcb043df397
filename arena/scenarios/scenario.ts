/**
 * What a scenario is: more than a plain load, on a target that was started and warmed up for it.
 *
 * @module
 */

import type { RunningTarget } from '../adapters/target.ts';
import type { Driver, LoadResult, LoadSpec, Scenarios } from '../load/driver.ts';
import type { Plan, Scenario } from '../plan/schema.ts';
import { p99Us } from '../load/p99.ts';
import type { Tier } from '../tiers/tiers.ts';

/** An upstream that can be killed and started again on its port. */
export interface MortalUpstream {
  readonly host: string;
  readonly port: number;
  readonly kill: () => Promise<void>;
  readonly revive: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** What a scenario is played with. */
export interface Scene {
  readonly running: RunningTarget;
  readonly tier: Tier;
  readonly token: string;
  readonly driver: Driver;
  readonly loadCores: string;
  /** Requests a second that the target takes with ease: a part of its capacity. */
  readonly ratePerS: number;
  /** Behind the target, for scenarios that say `ownUpstream`; else null. */
  readonly upstream: MortalUpstream | null;
  readonly seed: number;
  /** Clients that open connections themselves end them when it is aborted. */
  readonly signal: AbortSignal;
}

export interface Outcome {
  /** What the CPU time of the target is divided by; 0 when that says nothing. */
  readonly requests: number;
  /** Names end in their unit, or in what is counted. */
  readonly figures: Readonly<Record<string, number>>;
  /** In microseconds. */
  readonly histograms: Readonly<Record<string, string>>;
  readonly generator: { readonly cpuShare: number; readonly lagP99Us: number | null };
  /** Why it does not count; what the scenario is about is in its figures instead. */
  readonly faults: readonly string[];
}

export interface ScenarioPlay {
  readonly name: Scenario | Plan['scores'][number];
  /** About how long it takes. */
  readonly seconds: number;
  /** Whether it kills what stands behind the target. */
  readonly ownUpstream: boolean;
  /** Whether the target's processes may change: their CPU time is unknown then. */
  readonly changesProcesses: boolean;
  /** Rejects when it can't be played at all. */
  readonly play: (scene: Scene) => Promise<Outcome>;
}

/** Of the body that plain requests of a scenario get. */
export const BODY_BYTES = 1024;
const CONNECTIONS = 32;
const TIMEOUT_MS = 2000;

/** Plain requests at the scene's rate, as a client beside the scenario sends them. */
export function besideSpec(
  { running, ratePerS, seed }: Scene,
  requests: LoadSpec['requests'],
  seconds: number,
): LoadSpec {
  return {
    host: running.host,
    port: running.port,
    requests,
    connections: CONNECTIONS,
    mode: 'open',
    ratePerS,
    arrivals: 'constant',
    warmUpMs: 0,
    measureMs: seconds * 1000,
    timeoutMs: TIMEOUT_MS,
    expect: { status: 200, bodyBytes: BODY_BYTES },
    seed,
  };
}

/** Requests that did not get what they should have. */
export function failedRequests({ requests, statuses, errors }: LoadResult): number {
  const wrongBodies = errors['body'] ?? 0;
  return Math.max(0, requests - (statuses['200'] ?? 0) + wrongBodies);
}

/** Of the generator, of one core. */
export function cpuShareOf({ cpuUs, elapsedMs }: Pick<LoadResult, 'cpuUs' | 'elapsedMs'>): number {
  return cpuUs / (elapsedMs * 1000);
}

/** The worst lateness at p99 of these loads; null when none has any. */
export function lagOf(...results: readonly LoadResult[]): number | null {
  const known = results.flatMap(({ lag }) => (lag === null ? [] : (p99Us(lag) ?? [])));
  return known.length === 0 ? null : Math.max(...known);
}

/** What more than plain requests can be asked of. Throws where there is no such client. */
export function clientOf({ driver }: Scene): Scenarios {
  if (driver.scenarios !== undefined) return driver.scenarios;
  throw new Error(
    `driver ${driver.name} has no client for this; build the native one: make arena-driver`,
  );
}
