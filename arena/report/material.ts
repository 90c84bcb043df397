/**
 * Records of one run, sorted by what they are about.
 *
 * @module
 */

import type {
  BlockRecord,
  ConfigRecord,
  EndRecord,
  ProbeRecord,
  ResultRecord,
  RunRecord,
  ScenarioRecord,
  TargetRecord,
} from '../results/records.ts';
import { BASELINE, TIER_TITLES, TIERS } from '../tiers/tiers.ts';
import { type Cell, cellId, cellOf, type LoadKind, type Series, seriesOf } from './series.ts';

export interface Material {
  readonly run: RunRecord;
  readonly end: EndRecord | null;
  readonly rounds: number;
  /** By name; in the order of the names. */
  readonly targets: ReadonlyMap<string, TargetRecord | null>;
  readonly probes: readonly ProbeRecord[];
  readonly configs: readonly ConfigRecord[];
  readonly blocks: readonly BlockRecord[];
  readonly scenarios: readonly ScenarioRecord[];
  readonly tiers: readonly { readonly tier: string; readonly title: string }[];
  /** Ordered by tier, load (saturated first) and body. */
  readonly cells: readonly Cell[];
  /** By `seriesKey`. */
  readonly series: ReadonlyMap<string, Series>;
}

/** Throws when there is no `run` record. */
export function readMaterial(records: readonly ResultRecord[]): Material {
  const run = records.find((record) => record.kind === 'run');
  if (run === undefined) throw new Error('there is no record of kind "run" in these results');
  const targets = records.filter((record) => record.kind === 'target');
  const probes = records.filter((record) => record.kind === 'probe');
  const blocks = records.filter((record) => record.kind === 'block');
  const scenarios = records.filter((record) => record.kind === 'scenario');
  const named = [...targets, ...probes, ...blocks, ...scenarios].map(({ target }) => target);
  const tiers = inTierOrder(comparedIn([...probes, ...blocks]));
  return {
    run,
    end: records.find((record) => record.kind === 'end') ?? null,
    rounds: Math.max(
      0,
      ...blocks.map(({ round }) => round),
      ...scenarios.map(({ round }) => round),
    ),
    targets: new Map(
      [...new Set(named)]
        .toSorted()
        .map((name) => [name, targets.findLast(({ target }) => target === name) ?? null]),
    ),
    probes,
    configs: records.filter((record) => record.kind === 'config'),
    blocks,
    scenarios,
    tiers: tiers.map((tier) => ({ tier, title: tierTitle(tier) })),
    cells: cellsOf(
      blocks.filter(({ tier }) => tiers.includes(tier)),
      tiers,
    ),
    series: allSeries(blocks),
  };
}

export function seriesKey(target: string, cell: Cell): string {
  return `${target} ${cellId(cell)}`;
}

export function tierTitle(tier: string): string {
  return Object.entries(TIER_TITLES).find(([name]) => name === tier)?.[1] ?? tier;
}

/** A tier that the baseline alone is measured in is there to compare others with. */
function comparedIn(
  records: readonly { readonly target: string; readonly tier: string }[],
): string[] {
  const gateways = records.filter(({ target }) => target !== BASELINE);
  return (gateways.length > 0 ? gateways : records).map(({ tier }) => tier);
}

function inTierOrder(tiers: readonly string[]): string[] {
  return [...new Set(tiers)].toSorted(
    (one, other) => place(one) - place(other) || (one < other ? -1 : 1),
  );
}

function place(tier: string): number {
  const at = TIERS.findIndex((name) => name === tier);
  return at < 0 ? TIERS.length : at;
}

function shareOf({ load }: Cell): number {
  return load.mode === 'share' ? load.capacityShare : 0;
}

const MODES: Readonly<Record<LoadKind['mode'], number>> = { closed: 0, open: 1, share: 2 };

function cellsOf(blocks: readonly BlockRecord[], tiers: readonly string[]): Cell[] {
  const cells = new Map(blocks.map((block) => [cellId(cellOf(block)), cellOf(block)]));
  return [...cells.values()].toSorted(
    (one, other) =>
      tiers.indexOf(one.tier) - tiers.indexOf(other.tier) ||
      MODES[one.load.mode] - MODES[other.load.mode] ||
      shareOf(one) - shareOf(other) ||
      one.bodyBytes - other.bodyBytes ||
      (cellId(one) < cellId(other) ? -1 : 1),
  );
}

function allSeries(blocks: readonly BlockRecord[]): Map<string, Series> {
  const groups = new Map<string, BlockRecord[]>();
  for (const block of blocks) {
    const key = seriesKey(block.target, cellOf(block));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [block]);
    else group.push(block);
  }
  return new Map([...groups].map(([key, group]) => [key, seriesOf(group[0]?.target ?? '', group)]));
}
