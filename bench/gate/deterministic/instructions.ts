/**
 * Head's instructions beside base's: which grew by more than may be.
 *
 * @module
 */

import type { Counted } from './callgrind.ts';

/** Any scenario. */
const GROWTH_MAX = 0.02;
/** The geometric mean of all. */
const MEAN_GROWTH_MAX = 0.01;

export interface InstructionRow {
  /** A scenario, or `geometric mean`, which has no counts. */
  readonly scenario: string;
  readonly base: number | null;
  readonly head: number | null;
  /** head / base − 1; null where one of them lacks the scenario. */
  readonly growth: number | null;
  readonly growthMax: number;
  readonly verdict: 'pass' | 'regress' | 'improve' | 'new' | 'gone';
}

export interface InstructionReport {
  readonly rows: readonly InstructionRow[];
  readonly verdict: 'pass' | 'regress';
}

/** `improve` is the mirror image of `regress`; a scenario that only one has decides nothing. */
function judged(growth: number, growthMax: number): 'pass' | 'regress' | 'improve' {
  if (growth > growthMax) return 'regress';
  return growth < -growthMax ? 'improve' : 'pass';
}

export function compareInstructions(base: Counted, head: Counted): InstructionReport {
  const names = new Set([...Object.keys(head.instructions), ...Object.keys(base.instructions)]);
  const rows = [...names].map((scenario) =>
    rowOf(scenario, base.instructions[scenario] ?? null, head.instructions[scenario] ?? null),
  );
  const growths = rows.flatMap(({ growth }) => (growth === null ? [] : [growth]));
  if (growths.length > 0) {
    const logs = growths.map((growth) => Math.log1p(growth));
    const growth = Math.expm1(logs.reduce((sum, log) => sum + log, 0) / logs.length);
    const verdict = judged(growth, MEAN_GROWTH_MAX);
    const mean = { scenario: 'geometric mean', base: null, head: null };
    rows.push({ ...mean, growth, growthMax: MEAN_GROWTH_MAX, verdict });
  }
  const red = rows.some(({ verdict }) => verdict === 'regress');
  return { rows, verdict: red ? 'regress' : 'pass' };
}

function rowOf(scenario: string, base: number | null, head: number | null): InstructionRow {
  const known = { scenario, base, head, growthMax: GROWTH_MAX };
  if (base === null) return { ...known, growth: null, verdict: 'new' };
  if (head === null) return { ...known, growth: null, verdict: 'gone' };
  const growth = head / base - 1;
  return { ...known, growth, verdict: judged(growth, GROWTH_MAX) };
}
