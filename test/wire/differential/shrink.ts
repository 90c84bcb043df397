/**
 * A failing case made smaller for as long as it fails in the same way.
 *
 * Bounds: `TRIES_MAX` further attempts.
 *
 * @module
 */

import { bytesOf, type Case, type Piece } from './cases.ts';
import type { Fault } from './judge.ts';

const TRIES_MAX = 300;

type Attempt = (one: Case) => Promise<Fault | null>;

function kindOf(fault: Fault): string {
  return fault.split(':')[0] ?? '';
}

/** The case without the bytes from `start` to `end`, in the same pieces otherwise. */
function without(one: Case, start: number, end: number): Case {
  let at = 0;
  const pieces: Piece[] = one.pieces.map(({ bytes, waitMs }) => {
    const from = Math.max(start - at, 0);
    const to = Math.max(end - at, 0);
    at += bytes.length;
    return { bytes: Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]), waitMs };
  });
  return { ...one, pieces };
}

/** The smallest case found that fails like this one. */
export async function shrunk(one: Case, fault: Fault, attempt: Attempt): Promise<Case> {
  let best = one;
  let triesLeft = TRIES_MAX;
  const keep = async (candidate: Case) => {
    if (triesLeft === 0) return false;
    triesLeft -= 1;
    const found = await attempt(candidate);
    const fails = found !== null && kindOf(found) === kindOf(fault);
    if (fails) best = candidate;
    return fails;
  };
  await keep({ ...one, pieces: [{ bytes: bytesOf(one), waitMs: null }] });
  for (let size = Math.ceil(bytesOf(best).length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < bytesOf(best).length; ) {
      if (!(await keep(without(best, at, at + size)))) at += size;
    }
  }
  return best;
}
