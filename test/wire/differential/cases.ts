/**
 * What one client does on one connection: the bytes, how they are cut, and whether it stays.
 *
 * @module
 */

import { Dice } from './dice.ts';
import { requestText } from './grammar.ts';
import { mutated } from './mutations.ts';

export interface Piece {
  readonly bytes: Buffer;
  /** Milliseconds to wait before it: 0 is the next turn of the loop, null none at all. */
  readonly waitMs: number | null;
}

export interface Case {
  /** With the seed, what makes the same case again. */
  readonly number: number;
  readonly pieces: readonly Piece[];
  /** Milliseconds after the last byte when the client goes, answered or not; null: it waits. */
  readonly leavesAfterMs: number | null;
  /** How long it listens on after the last answer it expects, in milliseconds. */
  readonly lingersMs: number;
}

const BYTES_MAX = 400_000;

function cut(dice: Dice, bytes: Buffer): Piece[] {
  const count = dice.percent(55) ? 0 : dice.between(1, 5);
  const places = Array.from({ length: count }, () => dice.between(0, bytes.length)).toSorted(
    (a, b) => a - b,
  );
  return [...places, bytes.length].flatMap((end, at) => {
    const start = at === 0 ? 0 : (places[at - 1] ?? 0);
    const waitMs = at === 0 ? null : dice.one([null, 0, 0, 1, 2]);
    return end === start && at > 0 ? [] : [{ bytes: bytes.subarray(start, end), waitMs }];
  });
}

export function bytesOf({ pieces }: Pick<Case, 'pieces'>): Buffer {
  return Buffer.concat(pieces.map(({ bytes }) => bytes));
}

export function caseOf(seed: number, number: number): Case {
  const dice = new Dice(seed, number);
  const requests = dice.times(1, dice.percent(55) ? 1 : 4, () => requestText(dice));
  const damaged = dice.between(0, requests.length - 1);
  const count = dice.percent(40) ? 0 : dice.one([1, 1, 1, 2, 2, 3, 5]);
  const texts = requests.map((text, at) => (at === damaged ? mutated(text, count, dice) : text));
  const bytes = Buffer.from(texts.join('').slice(0, BYTES_MAX), 'latin1');
  return {
    number,
    pieces: cut(dice, bytes),
    leavesAfterMs: dice.percent(2) ? dice.between(0, 3) : null,
    lingersMs: dice.percent(3) ? 10 : 0,
  };
}
