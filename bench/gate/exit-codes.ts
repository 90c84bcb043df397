/**
 * How the gate ends. docs/gate.md tells what a CI system should make of each.
 *
 * @module
 */

import type { Outcome } from './decision/verdict.ts';

/** sysexits.h: 70 is EX_SOFTWARE, 75 EX_TEMPFAIL, 78 EX_CONFIG. */
export const EXIT_CODES = {
  pass: 0,
  regress: 1,
  usage: 2,
  internal: 70,
  inconclusive: 75,
  void: 78,
} as const satisfies Readonly<Record<Outcome | 'usage' | 'internal', number>>;

/** What to do about each outcome. */
export const ADVICE: Readonly<Record<Outcome, string>> = {
  pass: 'Nothing to do.',
  regress:
    'Find it: `make bench-micro` and `make bench-native` on both commits, or perf on a worker under load. When the cost is worth it, say so in the commit and raise the line of bench/gate/budget.json, with its reason, if it is one.',
  inconclusive:
    'Neither proven worse nor proven harmless, with the rounds there were. Run it again on a quieter machine, or with more rounds (--rounds-max 96). CI treats this as neutral.',
  void: 'The environment was measured, not the change. End what else runs, or use another machine, and run it again; do not change code because of it. Where head gave unexpected answers, mend those first: it is broken, not slow. CI treats this as neutral.',
};
