/**
 * The choices of one generated case: the same for the same seed and number, whatever ran before.
 *
 * @module
 */

import { seededRandom } from '../../soak/pattern.ts';

export class Dice {
  readonly #random: () => number;

  constructor(seed: number, number: number) {
    this.#random = seededRandom(
      Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b),
    );
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  /** True in so many of a hundred throws. */
  percent(share: number): boolean {
    return this.#random() * 100 < share;
  }

  one<T>(values: readonly T[]): T {
    return values[this.between(0, values.length - 1)] as T;
  }

  /** One of the keys, by the weight that is its value. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.#random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return (entries.at(-1) as [K, number])[0];
  }

  /** So many of something. */
  times<T>(least: number, most: number, make: (at: number) => T): T[] {
    return Array.from({ length: this.between(least, most) }, (_, at) => make(at));
  }
}
