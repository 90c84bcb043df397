/**
 * Where in a series its mean changed: divisive splitting by energy distance in overlapping windows, with
 * t-tests for proof.
 *
 * In each window the split with the largest energy statistic is taken while a t-test calls it at least
 * weakly significant, and both parts are split again. Over the whole series the weakest split is then
 * dropped, and the parts beside it joined, until all that remain are strongly significant and large enough.
 * Deterministic. Bounds: `window`² operations per window; at most 100 000 values.
 * Source: Matteson & James 2014 (energy statistic); Fleming et al., arXiv 2301.03034 (windows, t-test, two levels).
 *
 * @module
 */

import { type Group, groupOf, pooledTTest } from './student.ts';

const VALUES_MAX = 100_000;

export interface ChangePointOptions {
  /** Values that are split at a time; windows overlap by half. 50 unless told. */
  readonly window?: number;
  /** p-value under which a part is split further; 0.05 unless told. */
  readonly weak?: number;
  /** p-value under which a split stands in the end; 1e-4 unless told. */
  readonly strong?: number;
  /** The least change of the mean that is told, as a share of it; 0.02 unless told. */
  readonly changeMin?: number;
  /** The fewest values between changes, which outliers in a row don't reach; 6 unless told. */
  readonly segmentMin?: number;
}

export interface ChangePoint {
  /** Of the first value after the change. */
  readonly index: number;
  /** Means of the values since the change before and until the change after. */
  readonly before: number;
  readonly after: number;
  /** By how much the mean rose, as a share; negative when it fell. */
  readonly changeRatio: number;
  /** Of a two-sided t-test of the values before and after. */
  readonly pValue: number;
}

type Design = Required<ChangePointOptions>;

const DEFAULTS: Design = { window: 50, weak: 0.05, strong: 1e-4, changeMin: 0.02, segmentMin: 6 };

/** The changes of a series of finite values, by index. Throws when it has more than 100 000. */
export function changePoints(
  series: readonly number[],
  options: ChangePointOptions = {},
): ChangePoint[] {
  if (series.length > VALUES_MAX) {
    throw new RangeError(`${series.length} values are too many: give the last ${VALUES_MAX}`);
  }
  const design = { ...DEFAULTS, ...options };
  return merged(series, placed(series, candidates(series, design), design), design);
}

/** Where any window has a weakly significant split, ascending. */
function candidates(series: readonly number[], design: Design): number[] {
  const found = new Set<number>();
  const step = Math.max(1, Math.floor(design.window / 2));
  for (let from = 0; from === 0 || from + step < series.length; from += step) {
    split(series.slice(from, from + design.window), from, design, found);
  }
  return [...found].toSorted((one, other) => one - other);
}

function split(part: readonly number[], offset: number, design: Design, found: Set<number>): void {
  const at = bestSplit(part, design.segmentMin);
  if (at === null) return;
  const [left, right] = [part.slice(0, at), part.slice(at)];
  if (pooledTTest(groupOf(left), groupOf(right)) >= design.weak) return;
  found.add(offset + at);
  split(left, offset, design, found);
  split(right, offset + at, design, found);
}

/**
 * The index that parts the values into the two most different groups, each of at least `fewest`; null
 * when there are too few. The energy statistic of every index comes from the distances that the value
 * between it and the next takes from one group to the other.
 */
function bestSplit(part: readonly number[], fewest: number): number | null {
  const count = part.length;
  let [within, across, beyond] = [0, 0, allDistances(part)];
  let best = Number.NEGATIVE_INFINITY;
  let index: number | null = null;
  for (let at = 1; at <= count - fewest; at += 1) {
    const moved = part[at - 1] ?? 0;
    const toLeft = distances(moved, part, 0, at - 1);
    const toRight = distances(moved, part, at, count);
    within += toLeft;
    beyond -= toRight;
    across += toRight - toLeft;
    if (at < fewest) continue;
    const [left, right] = [at, count - at];
    const energy =
      (2 * across) / (left * right) - meanOfPairs(within, left) - meanOfPairs(beyond, right);
    const statistic = (energy * left * right) / count;
    if (statistic > best) [best, index] = [statistic, at];
  }
  return index;
}

function meanOfPairs(sum: number, count: number): number {
  return count < 2 ? 0 : sum / ((count * (count - 1)) / 2);
}

function distances(from: number, part: readonly number[], start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 1) sum += Math.abs((part[at] ?? 0) - from);
  return sum;
}

function allDistances(part: readonly number[]): number {
  return part.reduce((sum, value, at) => sum + distances(value, part, at + 1, part.length), 0);
}

/** Each candidate moved to the best split between its neighbours, so that no window's edge decides its place. */
function placed(series: readonly number[], indices: readonly number[], design: Design): number[] {
  const moved = merged(series, indices, design).map(({ index }) => index);
  return moved.map((index, at) => {
    const from = Math.max(moved[at - 1] ?? 0, index - design.window);
    const to = Math.min(moved[at + 1] ?? series.length, index + design.window);
    return from + (bestSplit(series.slice(from, to), design.segmentMin) ?? index - from);
  });
}

/** What remains when the weakest change is dropped until every one is strong and large enough. */
function merged(
  series: readonly number[],
  indices: readonly number[],
  design: Design,
): ChangePoint[] {
  let kept = [...indices];
  for (;;) {
    const points = described(series, kept, design);
    const strength = (point: ChangePoint): number =>
      Math.abs(point.changeRatio) < design.changeMin ? 1 : point.pValue;
    const weakest = Math.max(...points.map(strength), 0);
    if (weakest < design.strong) return points;
    const dropped = points.findIndex((point) => strength(point) === weakest);
    kept = kept.filter((_, at) => at !== dropped);
  }
}

/** The changes at these indices; one with too few values beside it has the p-value 1. */
function described(
  series: readonly number[],
  indices: readonly number[],
  { segmentMin }: Design,
): ChangePoint[] {
  const edges = [0, ...indices, series.length];
  const groups: Group[] = edges
    .slice(1)
    .map((end, at) => groupOf(series.slice(edges[at] ?? 0, end)));
  return indices.map((index, at) => {
    const [left, right] = [groups[at] ?? groupOf([]), groups[at + 1] ?? groupOf([])];
    const enough = Math.min(left.count, right.count) >= segmentMin;
    return {
      index,
      before: left.mean,
      after: right.mean,
      changeRatio: right.mean / left.mean - 1,
      pValue: enough ? pooledTTest(left, right) : 1,
    };
  });
}
