/**
 * What the history of the main branch is made of: a line for every number of a commit.
 *
 * @module
 */

import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { z } from 'zod';

import type { Assessment, Recording } from '../assessment.ts';

export const HistoryEntry = z.strictObject({
  at: z.iso.datetime(),
  commit: z.string(),
  /** `full.cpuUsPerRequest`, `instructions.decide`, `uws.heapAllocatedBytes`. */
  metric: z.string(),
  value: z.number(),
  /** Of the machine: series of different machines are not mixed. */
  fingerprint: z.string(),
  seed: z.int(),
  /** CPU µs that a request cost nginx in the same run; null where there is none. */
  canaryUs: z.number().positive().nullable(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** Head's numbers; those of a void run are none. */
export function entriesOf(
  { at, head, machine, seed, deterministic, canaryUs }: Recording,
  { outcome, verdicts }: Assessment,
): HistoryEntry[] {
  if (outcome === 'void') return [];
  const { fingerprint } = machine;
  const known = { at, commit: head.commit, fingerprint, seed };
  const timed = (verdicts[0]?.cells ?? []).map(({ scenario, metric, head: value }) => ({
    ...known,
    metric: `${scenario}.${metric}`,
    value,
    canaryUs,
  }));
  const instructions = Object.entries(deterministic?.instructions.head.instructions ?? {});
  const scripted = Object.entries(deterministic?.scripted.counts ?? {});
  // What is counted does not depend on how fast the machine is today.
  const counted = [
    ...instructions.map(([name, value]) => ({ metric: `instructions.${name}`, value })),
    ...scripted.map(([metric, value]) => ({ metric, value })),
  ].map((number) => ({ ...known, ...number, canaryUs: null }));
  return [...timed, ...counted].filter(({ value }) => Number.isFinite(value));
}

export function appendHistory(file: string, entries: readonly HistoryEntry[]): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}
