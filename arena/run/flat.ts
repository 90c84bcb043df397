/**
 * When is a target warm? When what a request costs has stopped changing.
 *
 * @module
 */

/** So many windows in a row are looked at. */
export const FLAT_WINDOWS = 3;

/**
 * Whether the last three values lie within `within` (a share) of the middle one of them. Values
 * that are not positive and finite are never flat: they are windows in which nothing was seen.
 */
export function isFlat(values: readonly number[], within: number): boolean {
  const last = values.slice(-FLAT_WINDOWS);
  if (last.length < FLAT_WINDOWS) return false;
  if (!last.every((value) => Number.isFinite(value) && value > 0)) return false;
  const [low = 0, middle = 0, high = 0] = last.toSorted((a, b) => a - b);
  return high - low <= within * middle;
}
