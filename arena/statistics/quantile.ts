/**
 * Quantiles and medians of a few values.
 *
 * Source: Hyndman & Fan 1996, type 7 (what NumPy and R do by default).
 *
 * @module
 */

/** The value below which the share `at` (0 to 1) of the ascending values lies, interpolated; NaN of none. */
export function quantile(ascending: ArrayLike<number>, at: number): number {
  const position = (ascending.length - 1) * at;
  const below = ascending[Math.floor(position)] ?? Number.NaN;
  const above = ascending[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).toSorted(), 0.5);
}
