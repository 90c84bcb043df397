/**
 * Is a number the target's, or the load generator's?
 *
 * Bounds: send lag p99 200 µs; 80 % of a core for the generator; in an open loop, as many requests
 * as were due, within 5 % and what chance makes of them; in a closed loop, the upstream alone
 * answers at least twice as many requests as the target that was measured.
 *
 * @module
 */

const LAG_P99_MAX_US = 200;
const CPU_SHARE_MAX = 0.8;
const BASELINE_FACTOR_MIN = 2;
const RATE_DEVIATION_MAX = 0.05;
/** Standard deviations of a Poisson process that are put down to chance. */
const CHANCE_DEVIATIONS = 4;

export interface Generated {
  /** Share of one core that the generator used. */
  readonly cpuShare: number;
  /** Null where it has no meaning, or the driver does not know it. */
  readonly lagP99Us: number | null;
  /** Of an open loop: how many requests there were, and how many should have been. */
  readonly schedule?: { readonly requests: number; readonly due: number };
  /** Of a closed loop behind a gateway: what it answered, and what the upstream alone does. */
  readonly capacity?: { readonly perS: number; readonly baselinePerS: number };
}

/** Why the number is the generator's and not the target's; empty when it is the target's. */
export function boundsOf(generated: Generated): string[] {
  return [lagReason, cpuReason, scheduleReason, capacityReason].flatMap((reasonOf) => {
    return reasonOf(generated) ?? [];
  });
}

function lagReason({ lagP99Us, schedule }: Generated): string | null {
  if (lagP99Us === null) {
    return schedule === undefined ? null : 'how late requests were sent is not known to the driver';
  }
  if (lagP99Us <= LAG_P99_MAX_US) return null;
  return `requests were sent ${Math.round(lagP99Us)} µs late (p99; ${LAG_P99_MAX_US} at most)`;
}

function cpuReason({ cpuShare }: Generated): string | null {
  if (cpuShare <= CPU_SHARE_MAX) return null;
  const most = `${CPU_SHARE_MAX * 100} % at most`;
  return `the generator used ${Math.round(cpuShare * 100)} % of its core (${most})`;
}

function scheduleReason({ schedule }: Generated): string | null {
  if (schedule === undefined) return null;
  const { requests, due } = schedule;
  const chance = CHANCE_DEVIATIONS * Math.sqrt(due);
  if (Math.abs(requests - due) <= RATE_DEVIATION_MAX * due + chance) return null;
  return `${requests} requests were sent where ${Math.round(due)} were due`;
}

function capacityReason({ capacity }: Generated): string | null {
  if (capacity === undefined) return null;
  const { perS, baselinePerS } = capacity;
  if (baselinePerS >= BASELINE_FACTOR_MIN * perS) return null;
  const factor = (baselinePerS / perS).toFixed(1);
  return `without a gateway it is ${factor} times as many (${BASELINE_FACTOR_MIN} at least)`;
}
