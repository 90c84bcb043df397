/**
 * Blocks of one target under one load, in the order of their rounds: what every table is made of.
 *
 * @module
 */

import type { BlockRecord, Load } from '../results/records.ts';
import { decodeHistogram, type Histogram } from '../load/histogram.ts';

/** What a table is about: the same job under the same load, for every target. */
export interface Cell {
  readonly tier: string;
  readonly bodyBytes: number;
  readonly load: LoadKind;
}

/** A load without what differs between targets: a rate that is a share of a target's own capacity. */
export type LoadKind =
  | { readonly mode: 'closed'; readonly connections: number }
  | { readonly mode: 'open'; readonly connections: number; readonly ratePerS: number }
  | { readonly mode: 'share'; readonly connections: number; readonly capacityShare: number };

/** A block that counts. */
export interface Sample {
  readonly round: number;
  readonly cpuUs: number | null;
  readonly requestsPerS: number;
  readonly coresUsed: number | null;
  readonly memoryBytes: number | null;
  /** Decoded each time it is asked for: a run has thousands. Throws when it can't be read. */
  readonly latency: () => Histogram;
}

export interface Voided {
  readonly round: number;
  readonly why: readonly string[];
}

/** All that one target did in one cell. */
export interface Series {
  readonly target: string;
  readonly samples: readonly Sample[];
  readonly voided: readonly Voided[];
  /** Why its numbers may be the generator's, and in how many of the rounds that count. */
  readonly bound: { readonly rounds: number; readonly why: readonly string[] };
}

function loadKindOf(load: Load): LoadKind {
  const { connections } = load;
  if (load.mode === 'closed') return { mode: 'closed', connections };
  if (load.capacityShare === null) return { mode: 'open', connections, ratePerS: load.ratePerS };
  return { mode: 'share', connections, capacityShare: load.capacityShare };
}

export function cellOf(block: BlockRecord): Cell {
  return { tier: block.tier, bodyBytes: block.bodyBytes, load: loadKindOf(block.load) };
}

/** The same for equal cells, also as an anchor in a page. */
export function cellId({ tier, bodyBytes, load }: Cell): string {
  return `${tier}-${bodyBytes}b-${loadId(load)}`;
}

export function loadId(load: LoadKind): string {
  if (load.mode === 'closed') return `closed-${load.connections}`;
  if (load.mode === 'open') return `open-${load.connections}-${load.ratePerS}`;
  return `share-${load.connections}-${Math.round(load.capacityShare * 100)}`;
}

/** A block of which every answer was the expected one, and which nothing else spoils. */
function counts(block: BlockRecord): boolean {
  return block.void.length === 0 && block.requests > 0;
}

/** The blocks of one target in one cell. */
export function seriesOf(target: string, blocks: readonly BlockRecord[]): Series {
  const inOrder = blocks.toSorted((one, other) => one.round - other.round);
  const counted = inOrder.filter(counts);
  const bound = counted.filter(({ generator }) => generator.bound.length > 0);
  return {
    target,
    samples: counted.map((block) => ({
      round: block.round,
      cpuUs: block.cpuUsPerRequest,
      requestsPerS: block.requestsPerS,
      coresUsed: block.coresUsed,
      memoryBytes: block.memoryPeakBytes,
      latency: () => decodeHistogram(block.latency),
    })),
    voided: inOrder
      .filter((block) => !counts(block))
      .map((block) => ({
        round: block.round,
        why: block.void.length > 0 ? block.void : ['it made no request'],
      })),
    bound: {
      rounds: bound.length,
      why: oneOfEachKind(bound.flatMap(({ generator }) => generator.bound)),
    },
  };
}

/** By round: the natural logarithm of how many times `other`'s cost `one`'s is. */
export function logRatios(one: Series, other: Series): number[] {
  const byRound = new Map(other.samples.map((sample) => [sample.round, sample.cpuUs]));
  return one.samples.flatMap(({ round, cpuUs }) => {
    const base = byRound.get(round);
    return isCost(cpuUs) && isCost(base) ? [Math.log(cpuUs) - Math.log(base)] : [];
  });
}

function isCost(cpuUs: number | null | undefined): cpuUs is number {
  return typeof cpuUs === 'number' && cpuUs > 0;
}

/** The costs that are known. */
export function costs(series: Series): number[] {
  return series.samples.map(({ cpuUs }) => cpuUs).filter(isCost);
}

/** Reasons that differ in their numbers only are of one kind; the first of each stands for it. */
function oneOfEachKind(reasons: readonly string[]): string[] {
  const kinds = new Map<string, string>();
  for (const reason of reasons) {
    const kind = reason.replaceAll(/[\d.]+/g, '#');
    if (!kinds.has(kind)) kinds.set(kind, reason);
  }
  return [...kinds.values()];
}
