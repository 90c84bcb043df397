/**
 * How much of the chance of error each look at growing data may use, so that looking often costs no more.
 *
 * Lan–DeMets spending of the O'Brien–Fleming kind: nearly nothing early, nearly all at the end. The
 * nominal level of a look is found by carrying the distribution of what was not decided yet from look to
 * look, on a grid (accurate to 1e-6 of alpha). Bounds: 10 looks.
 * Source: Lan & DeMets 1983; Armitage, McPherson & Rowe 1969.
 *
 * @module
 */

import { normalDensity, normalQuantile, normalShare } from './normal.ts';

const LOOKS_MAX = 10;
/** Points of the grid per look, and how many deviations it reaches below. */
const POINTS = 301;
const REACH = 7;

export interface Spending {
  /** Share of all data that this look has. */
  readonly fraction: number;
  /** Chance of error spent by this look and all before it. */
  readonly cumulative: number;
  /** Level that a test at this look is held to. */
  readonly nominal: number;
}

/** Levels that were asked for before: they take some 10 ms to find. */
const found = new Map<string, readonly Spending[]>();
const FOUND_MAX = 16;

/**
 * The levels of looks at growing counts, the last of which is all there will be, for `alpha` one-sided.
 * Throws unless counts ascend, are positive, and are at most 10.
 */
export function obrienFlemingLevels(counts: readonly number[], alpha: number): readonly Spending[] {
  const key = `${counts.join(' ')} ${alpha}`;
  const known = found.get(key) ?? computed(counts, alpha);
  if (found.size < FOUND_MAX) found.set(key, known);
  return known;
}

function computed(counts: readonly number[], alpha: number): readonly Spending[] {
  const last = counts.at(-1) ?? 0;
  const ascend = counts.every((count, at) => count > (counts[at - 1] ?? 0));
  if (!ascend || counts.length === 0 || counts.length > LOOKS_MAX) {
    throw new RangeError(
      `looks must be 1 to ${LOOKS_MAX} ascending counts, not [${counts.join(', ')}]`,
    );
  }
  const spent = counts.map((count) => spentAt(count / last, alpha));
  const bounds = boundaries(
    counts.map((count) => count / last),
    spent,
  );
  return counts.map((count, at) => ({
    fraction: count / last,
    cumulative: spent[at] ?? alpha,
    nominal: normalShare(-(bounds[at] ?? 0)),
  }));
}

function spentAt(fraction: number, alpha: number): number {
  return 2 * normalShare(normalQuantile(alpha / 2) / Math.sqrt(fraction));
}

/** z-values whose crossing, at that look or before, has the cumulative probabilities `spent`. */
function boundaries(fractions: readonly number[], spent: readonly number[]): number[] {
  const bounds: number[] = [];
  // Undecided paths as (value of the Brownian motion, mass): before the first look all are at 0.
  let paths: Paths = { values: Float64Array.of(0), masses: Float64Array.of(1) };
  let time = 0;
  for (const [at, fraction] of fractions.entries()) {
    const step = Math.sqrt(fraction - time);
    const target = (spent[at] ?? 0) - (spent[at - 1] ?? 0);
    const bound = solve((value) => crossing(paths, step, value), target, Math.sqrt(fraction));
    bounds.push(bound / Math.sqrt(fraction));
    paths = carried(paths, step, bound, Math.sqrt(fraction));
    time = fraction;
  }
  return bounds;
}

interface Paths {
  readonly values: Float64Array;
  readonly masses: Float64Array;
}

function crossing({ values, masses }: Paths, step: number, bound: number): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) {
    sum += (masses[at] ?? 0) * normalShare(((values[at] ?? 0) - bound) / step);
  }
  return sum;
}

/** Where the falling function takes the value `target`, by halving, between ±REACH deviations. */
function solve(falling: (value: number) => number, target: number, deviation: number): number {
  let [low, high] = [-REACH * deviation, REACH * deviation];
  for (let halving = 0; halving < 45; halving += 1) {
    const middle = (low + high) / 2;
    if (falling(middle) > target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The paths that stay below the bound after one more step, on a grid with Simpson's weights. */
function carried(paths: Paths, step: number, bound: number, deviation: number): Paths {
  const low = -REACH * deviation;
  const width = (bound - low) / (POINTS - 1);
  const values = new Float64Array(POINTS);
  const masses = new Float64Array(POINTS);
  for (let at = 0; at < POINTS; at += 1) {
    const value = low + at * width;
    const weight = at === 0 || at === POINTS - 1 ? 1 : 2 + 2 * (at % 2);
    let density = 0;
    for (let from = 0; from < paths.values.length; from += 1) {
      const distance = (value - (paths.values[from] ?? 0)) / step;
      density += (paths.masses[from] ?? 0) * normalDensity(distance);
    }
    values[at] = value;
    masses[at] = (density / step) * ((weight * width) / 3);
  }
  return { values, masses };
}
