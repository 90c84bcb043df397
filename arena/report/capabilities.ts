/**
 * What each target does, tier by tier, beside what it costs there.
 *
 * @module
 */

import { BASELINE, BASELINE_TIER } from '../tiers/tiers.ts';
import type { Estimate } from './estimates.ts';
import type { Material } from './material.ts';
import { isMeasured, type Table } from './table-model.ts';
import { failureOf, type TargetSummary } from './targets.ts';

/** `passes`: it does the work, and was not measured at it. */
export type CapabilityState =
  | 'measured'
  | 'passes'
  | 'void'
  | 'probe-failed'
  | 'not-offered'
  | 'unavailable'
  | 'missing';

export interface CapabilityCell {
  readonly tier: string;
  readonly state: CapabilityState;
  /** Why there is no number; empty where there is. */
  readonly why: string;
  /** CPU per request in the tier's first table; null where it isn't known. */
  readonly cpuUs: Estimate | null;
}

export interface Capability {
  readonly tiers: readonly { readonly tier: string; readonly title: string }[];
  readonly rows: readonly {
    readonly target: TargetSummary;
    readonly cells: readonly CapabilityCell[];
  }[];
}

export function capabilitiesOf(
  targets: readonly TargetSummary[],
  tables: readonly Table[],
  material: Material,
): Capability {
  return {
    tiers: material.tiers,
    rows: targets.map((target) => ({
      target,
      cells: material.tiers.map(({ tier }) => {
        const table = tables.find(({ cell }) => cell.tier === tier);
        const row = table?.rows.find((one) => one.target.target === target.target);
        const isLent = target.target === BASELINE && tier !== BASELINE_TIER;
        if (row === undefined || isLent)
          return { tier, cpuUs: null, ...probed(target, tier, material) };
        if (isMeasured(row)) return { tier, state: 'measured', why: '', cpuUs: row.cpuUs };
        return { tier, state: row.state, why: row.why, cpuUs: null };
      }),
    })),
  };
}

/** Of a tier in which nobody was measured. */
function probed(
  target: TargetSummary,
  tier: string,
  material: Material,
): Pick<CapabilityCell, 'state' | 'why'> {
  if (target.state === 'unavailable') return { state: 'unavailable', why: target.why };
  const probe = material.probes.findLast(
    (one) => one.target === target.target && one.tier === tier,
  );
  if (probe?.passed === true) return { state: 'passes', why: 'does it; not measured' };
  if (probe?.passed === false) return { state: 'probe-failed', why: failureOf(probe) };
  return { state: 'not-offered', why: 'does not do this job, by its manifest' };
}
