/**
 * The budget: how much 10 000 scripted requests may cost, with a reason for every line, and what
 * head spent of it.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { internalFailure } from '../failure.ts';
import { type Counts, SCRIPTED_REQUESTS } from './scripted.ts';

const REASON_MIN_CHARACTERS = 10;
/** Below this share of the budget an exact line should be lowered. */
const ROOM_MIN = 0.1;

const Budget = z.strictObject({
  about: z.string(),
  requests: z.literal(SCRIPTED_REQUESTS),
  lines: z.array(
    z.strictObject({
      count: z.string().regex(/^(uws|native)\.\w+$/),
      max: z.int().nonnegative(),
      tolerance: z.number().min(0).max(1),
      reason: z.string().min(REASON_MIN_CHARACTERS),
    }),
  ),
});
export type Budget = z.infer<typeof Budget>;

export interface BudgetRow {
  readonly count: string;
  /** null where it could not be counted. */
  readonly spent: number | null;
  readonly max: number;
  readonly tolerance: number;
  /** `room`: so far below the budget that it should be lowered. */
  readonly verdict: 'pass' | 'regress' | 'room' | 'skipped';
  readonly reason: string;
}

export interface BudgetReport {
  readonly rows: readonly BudgetRow[];
  readonly skipped: readonly string[];
  readonly verdict: 'pass' | 'regress';
}

/** Throws when the file is no budget, saying where. */
export function readBudget(file: string): Budget {
  const parsed = Budget.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw internalFailure(`${file} is no budget: ${z.prettifyError(parsed.error)}`);
}

export function compareWithBudget(
  { lines }: Budget,
  { counts, skipped }: { readonly counts: Counts; readonly skipped: readonly string[] },
): BudgetReport {
  const rows = lines.map((line): BudgetRow => {
    const spent = counts[line.count] ?? null;
    const { count, max, tolerance, reason } = line;
    return { count, spent, max, tolerance, verdict: judged(spent, max, tolerance), reason };
  });
  const red = rows.some(({ verdict }) => verdict === 'regress');
  return { rows, skipped, verdict: red ? 'regress' : 'pass' };
}

function judged(spent: number | null, max: number, tolerance: number): BudgetRow['verdict'] {
  if (spent === null) return 'skipped';
  if (spent > max * (1 + tolerance)) return 'regress';
  return spent < max * (1 - Math.max(ROOM_MIN, tolerance)) && tolerance > 0 ? 'room' : 'pass';
}
