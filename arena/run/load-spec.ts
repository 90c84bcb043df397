/**
 * What a planned load means for a driver, once the target's capacity is known.
 *
 * @module
 */

import type { LoadSpec } from '../load/driver.ts';
import type { PlannedLoad } from '../plan/schema.ts';
import type { Load } from '../results/records.ts';
import { requestsOf } from '../tiers/requests.ts';
import type { Tier } from '../tiers/tiers.ts';

/** Of one answer. */
const TIMEOUT_MS = 5000;

/** The load, and how long it is measured. */
export interface Resolved {
  readonly load: Load;
  readonly seconds: number;
  readonly arrivals: 'poisson' | 'constant';
}

/** Null when the rate is a share of a capacity that is not known. */
export function resolveLoad(planned: PlannedLoad, capacityPerS: number | null): Resolved | null {
  if ('capacity' in planned) {
    const { connections, seconds } = planned.capacity;
    return { load: { mode: 'closed', connections }, seconds, arrivals: 'poisson' };
  }
  const { perS, capacityShare = null, connections, seconds, arrivals } = planned.rate;
  const shared =
    capacityShare === null || capacityPerS === null ? null : capacityPerS * capacityShare;
  const ratePerS = perS ?? shared;
  if (ratePerS === null) return null;
  return { load: { mode: 'open', connections, ratePerS, capacityShare }, seconds, arrivals };
}

export interface Aim {
  readonly host: string;
  readonly port: number;
  readonly tier: Tier;
  readonly bodyBytes: number;
  /** For tiers with a JWT. */
  readonly token: string;
  readonly seed: number;
}

/** One window at a target. */
export function loadSpec(aim: Aim, { load, seconds, arrivals }: Resolved): LoadSpec {
  const { host, port, tier, bodyBytes, token, seed } = aim;
  const open = load.mode === 'open' ? { ratePerS: load.ratePerS, arrivals } : {};
  return {
    host,
    port,
    requests: requestsOf(tier, `bytes/${bodyBytes}`, token),
    connections: load.connections,
    mode: load.mode,
    ...open,
    warmUpMs: 0,
    measureMs: seconds * 1000,
    timeoutMs: TIMEOUT_MS,
    expect: { status: 200, bodyBytes },
    seed,
  };
}
