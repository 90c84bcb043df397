/**
 * The open-loop client of our own (open-loop/): requests for the small body that are due at random
 * moments of a constant mean rate, on the core of the load.
 *
 * @module
 */

import { join } from 'node:path';

import { run } from '../../arena/adapters/processes.ts';
import { BODY_BYTES, CALLER } from './stage.ts';
import { LOAD_CORE } from './targets.ts';

/** `make bench-load` builds it from bench/load/open-loop. */
const CLIENT = join(import.meta.dirname, '../../../.build/open-loop/release/open-loop');
const WARM_UP_S = 1;

export interface LatencyPlan {
  readonly port: number;
  /** Requests a second, on average. */
  readonly rate: number;
  /** Seconds that are measured, after a second of warm-up. */
  readonly seconds: number;
  readonly connections: number;
  /** Decides when requests are due. */
  readonly seed: number;
}

/** What the client prints. */
export interface LatencyResult {
  readonly due: number;
  readonly answered: number;
  /** Answers that were no 200 of the right length, and lost connections. */
  readonly faults: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** By how much the client itself noticed late that a request was due. */
  readonly lagP99Us: number;
}

/** Measures one window. Rejects when the client can't connect or was not built. */
export async function openLoop(plan: LatencyPlan): Promise<LatencyResult> {
  const flags: Readonly<Record<string, string | number>> = {
    port: plan.port,
    path: '/api/small',
    key: CALLER.key,
    'body-bytes': BODY_BYTES.small,
    rate: Math.round(plan.rate),
    seconds: plan.seconds,
    'warm-up': WARM_UP_S,
    connections: plan.connections,
    seed: plan.seed,
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return JSON.parse(await run(LOAD_CORE, CLIENT, args)) as LatencyResult;
}
