/**
 * Events of several workers in the order of their time: so a tenant's events are in order, whoever served it.
 *
 * @module
 */

/** The part of a source that order depends on. */
export interface Ordered {
  /** In ascending order of `timeMs`. */
  readonly waiting: readonly { readonly timeMs: number }[];
  /** Whether nothing older than now can follow behind `waiting`. */
  readonly exhausted: boolean;
}

/**
 * How many events to take from each source: the oldest `max`, and none that another source may still have an older
 * one than. `untilMs` is the time up to which every source has been read.
 */
export function takeOldest(sources: readonly Ordered[], untilMs: number, max: number): number[] {
  let limit = untilMs;
  for (const { waiting, exhausted } of sources) {
    // Nothing read and more to come: nobody knows how old it is.
    if (!exhausted) limit = Math.min(limit, waiting.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY);
  }
  const ripe = sources.flatMap(({ waiting }, source) =>
    waiting
      .slice(0, max)
      .filter(({ timeMs }) => timeMs <= limit)
      .map(({ timeMs }, position) => ({ timeMs, source, position })),
  );
  // The sort is stable, so events of one source stay in their order.
  const taken = ripe.toSorted((one, other) => one.timeMs - other.timeMs).slice(0, max);
  const counts = sources.map(() => 0);
  for (const { source } of taken) counts[source] = (counts[source] ?? 0) + 1;
  return counts;
}
