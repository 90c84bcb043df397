/**
 * Random numbers that are the same for the same seed, so that a run can be repeated.
 *
 * Bounds: a state of 32 bits, hence a period of 2³²; enough for resampling, not for secrets.
 *
 * @module
 */

/** The next number in [0, 1). */
export type Random = () => number;

/** Numbers in [0, 1), the same for the same seed, of which 32 bits count. Source: mulberry32, Tommy Ettinger. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws as many of the values as there are, with replacement: fills `drawn` with how often each came. */
export function drawCounts(drawn: Uint32Array, random: Random): void {
  drawn.fill(0);
  for (let draw = 0; draw < drawn.length; draw += 1) {
    const at = Math.floor(random() * drawn.length);
    drawn[at] = (drawn[at] ?? 0) + 1;
  }
}

/** The items in a random order. Source: Fisher–Yates. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    order.splice(last, 1, ...order.splice(other, 1, ...order.slice(last, last + 1)));
  }
  return order;
}
