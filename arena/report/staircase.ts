/**
 * What each feature costs: CPU per request from tier to tier, the same body and load.
 *
 * Differences are taken within a round and then estimated, so that what slowed a round is no cost of
 * a feature.
 *
 * @module
 */

import { type Estimate, estimateOf } from './estimates.ts';
import { type Material, seriesKey } from './material.ts';
import { type Cell, type LoadKind, loadId, type Series } from './series.ts';
import type { TargetSummary } from './targets.ts';

export interface Step {
  readonly tier: string;
  readonly cpuUs: Estimate;
  /** What it adds to the tier it builds on; null for the first, or with no common round. */
  readonly added: { readonly from: string; readonly us: Estimate } | null;
}

export interface Staircase {
  readonly bodyBytes: number;
  readonly load: LoadKind;
  readonly rows: readonly { readonly target: TargetSummary; readonly steps: readonly Step[] }[];
}

/** The tier that each adds its work to. */
export const BUILDS_ON: Readonly<Record<string, string>> = {
  key: 'pass',
  full: 'key',
  jwt: 'full',
  opa: 'jwt',
  routes: 'full',
};

/** One for each body and load in which at least one target has two tiers; the main one first. */
export function staircasesOf(targets: readonly TargetSummary[], material: Material): Staircase[] {
  const kinds = new Map(
    material.cells.map((cell) => [`${cell.bodyBytes} ${loadId(cell.load)}`, cell]),
  );
  return [...kinds.values()].flatMap(({ bodyBytes, load }) => {
    const rows = targets
      .map((target) => ({ target, steps: stepsOf(target.target, { bodyBytes, load }, material) }))
      .filter(({ steps }) => steps.length > 0);
    return rows.some(({ steps }) => steps.length > 1) ? [{ bodyBytes, load, rows }] : [];
  });
}

function stepsOf(target: string, kind: Omit<Cell, 'tier'>, material: Material): Step[] {
  const { seed } = material.run;
  const seriesAt = (tier: string): Series | undefined =>
    material.series.get(seriesKey(target, { ...kind, tier }));
  return material.tiers.flatMap(({ tier }) => {
    const series = seriesAt(tier);
    const cpuUs = estimateOf(series?.samples.flatMap((sample) => sample.cpuUs ?? []) ?? [], seed);
    if (series === undefined || cpuUs === null) return [];
    const from = BUILDS_ON[tier];
    const below = from === undefined ? undefined : seriesAt(from);
    const us = below === undefined ? null : estimateOf(differences(series, below), seed);
    return [{ tier, cpuUs, added: us === null || from === undefined ? null : { from, us } }];
  });
}

function differences(series: Series, below: Series): number[] {
  const byRound = new Map(below.samples.map(({ round, cpuUs }) => [round, cpuUs]));
  return series.samples.flatMap(({ round, cpuUs }) => {
    const base = byRound.get(round) ?? null;
    return cpuUs === null || base === null ? [] : [cpuUs - base];
  });
}
