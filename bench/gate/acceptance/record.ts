/**
 * The acceptance's own file: a line for the calibration, a line for every run.
 *
 * @module
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { z } from 'zod';

import { internalFailure } from '../failure.ts';
import { KINDS } from './kinds.ts';

const CalibrationLine = z.strictObject({
  kind: z.literal('calibration'),
  at: z.iso.datetime(),
  commit: z.string(),
  fingerprint: z.string(),
  /** By which share one repetition of the busy work raises the CPU time of a request. */
  shareOfOne: z.number().positive(),
});

const RunLine = z.strictObject({
  kind: z.enum(KINDS),
  at: z.iso.datetime(),
  commit: z.string(),
  fingerprint: z.string(),
  seed: z.int(),
  seconds: z.number().nonnegative(),
  /** Repetitions of the busy work. */
  spin: z.strictObject({ base: z.int(), head: z.int() }),
  outcome: z.enum(['pass', 'regress', 'inconclusive', 'void']),
  improvement: z.boolean(),
  /** What the first paired run alone said. */
  firstOutcome: z.enum(['pass', 'regress', 'inconclusive', 'void']),
  rounds: z.int(),
  reasons: z.array(z.string()),
  /** Estimates of the first run by `SCENARIO METRIC`, as shares. */
  estimates: z.record(z.string(), z.number()),
});

export const AcceptanceLine = z.discriminatedUnion('kind', [CalibrationLine, RunLine]);
export type AcceptanceLine = z.infer<typeof AcceptanceLine>;
export type CalibrationLine = z.infer<typeof CalibrationLine>;
export type RunLine = z.infer<typeof RunLine>;

/** None where there is no file yet. Throws, with the line's number, at a line that is none. */
export function readAcceptance(file: string): AcceptanceLine[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
  return lines.map((line, at) => {
    const parsed = AcceptanceLine.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data;
    throw internalFailure(`${file}:${at + 1}: ${z.prettifyError(parsed.error)}`);
  });
}

export function appendAcceptance(file: string, line: AcceptanceLine): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function isRun(line: AcceptanceLine): line is RunLine {
  return line.kind !== 'calibration';
}
