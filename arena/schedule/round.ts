/**
 * One round: old runs go, the machine is looked at, the plan is run, its report is made.
 *
 * Run and report are processes of their own, with a time limit each; nothing that they do ends the
 * schedule. A round that is stopped or fails keeps what it measured, and a report is made of that.
 *
 * Bounds: 1 h of a run and 5 min of a report unless told otherwise, 30 s between asking a process
 * to end and ending it.
 *
 * @module
 */

import { mkdir, statfs } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';

import { describeError, type Log } from '../../src/telemetry/log.ts';
import { type ChildEnd, runChild } from './child.ts';
import type { Clock } from './clock.ts';
import { type Program, reportWords, runWords } from './commands.ts';
import { historyOf } from './history.ts';
import { LOG_FILE, runFolder, runNameAt, runsFolder } from './layout.ts';
import type { Ledger } from './ledger.ts';
import { identityOf, presenceOf } from './process-identity.ts';
import { datedRuns, deleteOldRuns } from './retention.ts';
import type { ScheduleSettings } from './settings.ts';
import type { Outcome, SkipReason } from './status.ts';

export interface RoundPlan {
  /** What the arena is started with. */
  readonly program: Program;
  readonly planFile: string;
  readonly folder: string;
  readonly settings: ScheduleSettings;
  readonly limits: RoundLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** Cores' worth of work that others do. */
  readonly coresBusy: (clock: Clock, signal: AbortSignal) => Promise<number>;
  readonly freeBytes: (folder: string) => Promise<number>;
}

export interface RoundLimits {
  readonly runTimeoutMs: number;
  readonly reportTimeoutMs: number;
  readonly graceMs: number;
  /** Free space below which a round is skipped. */
  readonly diskMinBytes: number;
}

export const ROUND_LIMITS: RoundLimits = {
  runTimeoutMs: 3_600_000,
  reportTimeoutMs: 300_000,
  graceMs: 30_000,
  diskMinBytes: 1 << 30,
};

export type RoundResult = Outcome | 'skipped';

/** Runs one round, or skips it and says why. Aborting `signal` ends it early. */
export async function runRound(
  plan: RoundPlan,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<RoundResult> {
  await forgetOldRuns(plan);
  const obstacle = await obstacleTo(plan, ledger, signal);
  if (signal.aborted) return 'stopped';
  if (obstacle !== null) {
    ledger.skipped(obstacle.reason, obstacle.why);
    return 'skipped';
  }
  const at = plan.clock.now();
  const run = runNameAt(at);
  const own = runFolder(plan.folder, run);
  await mkdir(runsFolder(plan.folder), { recursive: true });
  await mkdir(own);

  const end = await runChild({
    words: runWords(plan.program, plan.planFile, plan.folder, run),
    logFile: join(own, LOG_FILE),
    timeoutMs: plan.limits.runTimeoutMs,
    graceMs: plan.limits.graceMs,
    clock: plan.clock,
    signal,
    onStart: (pid) => {
      const process = identityOf(pid);
      if (process !== null) ledger.started(run, process);
    },
  });
  const outcome = outcomeOf(end);
  const reported = await report(plan, run);
  ledger.ended({
    run,
    at: at.toISOString(),
    endedAt: plan.clock.now().toISOString(),
    outcome,
    why: outcome === 'complete' ? '' : whyOf(end, plan.limits),
    reported,
  });
  return outcome;
}

interface Obstacle {
  readonly reason: SkipReason;
  readonly why: string;
}

async function obstacleTo(
  plan: RoundPlan,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<Obstacle | null> {
  const { running } = ledger.status();
  if (running !== null && presenceOf(running.process) === 'running') {
    const { process, run } = running;
    const why = `process ${process.pid} of run ${run} still runs though its schedule has ended`;
    return { reason: 'still-running', why };
  }
  const { diskMinBytes } = plan.limits;
  const freeBytes = await plan.freeBytes(plan.folder);
  if (freeBytes < diskMinBytes) {
    const why = `${inMiB(freeBytes)} free in ${plan.folder}, ${inMiB(diskMinBytes)} are needed: make room or lower retentionDays`;
    return { reason: 'disk-full', why };
  }
  const { busyLoadMax } = plan.settings;
  const cores = await plan.coresBusy(plan.clock, signal);
  if (cores > busyLoadMax) {
    const why = `others use ${cores.toFixed(2)} cores, more than busyLoadMax ${busyLoadMax} (load average ${(loadavg()[0] ?? 0).toFixed(2)})`;
    return { reason: 'busy', why };
  }
  return null;
}

async function forgetOldRuns({ folder, settings, clock, log }: RoundPlan): Promise<void> {
  try {
    const deleted = await deleteOldRuns(folder, settings.retentionDays, clock.now());
    if (deleted.length > 0) {
      log('info', 'runs_deleted', { count: deleted.length, runs: deleted.join(' ') });
    }
  } catch (error) {
    log('error', 'runs_not_deleted', { error: describeError(error) });
  }
}

/** Makes the page of what was measured; false when there is nothing, or it can't be made. */
async function report(plan: RoundPlan, run: string): Promise<boolean> {
  const runs = await datedRuns(plan.folder);
  if (!runs.some(({ name }) => name === run)) return false;
  const history = historyOf(runs, run);
  if (await reportWith(plan, run, history)) return true;
  // One earlier run that can't be read must not keep all later ones from being shown.
  return history.length > 0 && (await reportWith(plan, run, []));
}

async function reportWith(
  plan: RoundPlan,
  run: string,
  history: readonly string[],
): Promise<boolean> {
  const end = await runChild({
    words: reportWords(plan.program, plan.folder, run, history),
    logFile: join(runFolder(plan.folder, run), LOG_FILE),
    timeoutMs: plan.limits.reportTimeoutMs,
    graceMs: plan.limits.graceMs,
    clock: plan.clock,
    // A report of what is there is made also when the schedule ends: it takes seconds.
    signal: new AbortController().signal,
  });
  if (outcomeOf(end) === 'complete') return true;
  plan.log('error', 'report_failed', { run, history: history.length, why: end.text });
  return false;
}

function outcomeOf({ ended, exitCode }: ChildEnd): Outcome {
  if (ended !== 'by-itself') return ended;
  return exitCode === 0 ? 'complete' : 'failed';
}

function whyOf({ ended, text }: ChildEnd, { runTimeoutMs }: RoundLimits): string {
  if (ended === 'timed-out') return `it took longer than ${runTimeoutMs / 60_000} minutes: ${text}`;
  return ended === 'stopped' ? 'the schedule was stopped' : text;
}

function inMiB(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)} MiB`;
}

/** Bytes that a process without privileges may still write. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
