/**
 * A whole run of the gate on rounds that are there already: from look to look until the verdict is final.
 *
 * @module
 */

import { decide } from './decide.ts';
import { DEFAULT_DESIGN } from './design.ts';
import type { GateInput, Verdict } from './verdict.ts';

/** The verdict of the first look that is final. Throws when there are fewer rounds than looks ask for. */
export function decideInLooks(input: GateInput): Verdict {
  for (const look of input.design?.looks ?? DEFAULT_DESIGN.looks) {
    const rounds = input.rounds.filter(({ round }) => round <= look);
    const verdict = decide({ ...input, rounds });
    if (verdict.final) return verdict;
  }
  throw new Error('there are fewer rounds than the last look asks for: give all of them');
}
