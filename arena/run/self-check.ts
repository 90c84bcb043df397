/**
 * Is a number the target's, or the load generator's?
 *
 * Bounds: send lag p99 200 µs; 80 % of a core for the generator; the upstream alone answers at least
 * twice as many requests as the target that was measured.
 *
 * @module
 */

const LAG_P99_MAX_US = 200;
const CPU_SHARE_MAX = 0.8;
const BASELINE_FACTOR_MIN = 2;

export interface Generated {
  /** Share of one core that the generator used. */
  readonly cpuShare: number;
  /** Null in a closed loop. */
  readonly lagP99Us: number | null;
  /** Set for a closed loop behind a gateway: what it answered, and what the upstream alone does. */
  readonly capacity: { readonly perS: number; readonly baselinePerS: number } | null;
}

/** Why the number is the generator's and not the target's; empty when it is the target's. */
export function boundsOf({ cpuShare, lagP99Us, capacity }: Generated): string[] {
  const reasons: string[] = [];
  if (lagP99Us !== null && lagP99Us > LAG_P99_MAX_US) {
    reasons.push(
      `requests were sent ${Math.round(lagP99Us)} µs late (p99; ${LAG_P99_MAX_US} at most)`,
    );
  }
  if (cpuShare > CPU_SHARE_MAX) {
    const most = `${CPU_SHARE_MAX * 100} % at most`;
    reasons.push(`the generator used ${Math.round(cpuShare * 100)} % of its core (${most})`);
  }
  if (capacity !== null && capacity.baselinePerS < BASELINE_FACTOR_MIN * capacity.perS) {
    const factor = (capacity.baselinePerS / capacity.perS).toFixed(1);
    reasons.push(
      `without a gateway it is ${factor} times as many (${BASELINE_FACTOR_MIN} at least)`,
    );
  }
  return reasons;
}
