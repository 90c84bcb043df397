/**
 * Keeps `status.json` and the log in step with what the schedule does.
 *
 * A status that can't be written is logged; rounds go on.
 *
 * @module
 */

import { describeError, type Log } from '../../src/telemetry/log.ts';
import type { Clock } from './clock.ts';
import { type ProcessIdentity, presenceOf } from './process-identity.ts';
import {
  freshStatus,
  type RoundStatus,
  readStatus,
  type ScheduleStatus,
  type SkipReason,
  writeStatus,
} from './status.ts';

export interface LedgerPlan {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Ledger {
  readonly status: () => ScheduleStatus;
  readonly waiting: (next: Date) => void;
  readonly skipped: (reason: SkipReason, why: string) => void;
  readonly started: (run: string, process: ProcessIdentity) => void;
  readonly ended: (round: RoundStatus) => void;
  /** The schedule ends. */
  readonly stopped: () => void;
}

/**
 * Goes on from the status that a folder has, less a round that has ended with its schedule. `cron` is null where somebody else says
 * when; nothing more is written once the lock is `lost`.
 */
export async function openLedger(
  { folder, clock, log }: LedgerPlan,
  cron: string | null,
  lost: AbortSignal,
): Promise<Ledger> {
  const earlier = (await readStatus(folder)) ?? freshStatus(clock.now());
  const { running } = earlier;
  const left = running !== null && presenceOf(running.process) === 'running' ? running : null;
  if (running !== null && left === null) log('warn', 'round_abandoned', { run: running.run });
  let status: ScheduleStatus = { ...earlier, cron, next: null, state: 'waiting', running: left };

  const change = (changes: Partial<ScheduleStatus>): void => {
    status = { ...status, ...changes, updatedAt: clock.now().toISOString() };
    if (lost.aborted) return;
    try {
      writeStatus(folder, status);
    } catch (error) {
      log('error', 'status_not_written', { error: describeError(error) });
    }
  };

  return {
    status: () => status,
    waiting: (next) => change({ next: next.toISOString() }),
    skipped: (reason, why) => {
      log('warn', 'round_skipped', { reason, why });
      const { counts } = status;
      change({
        skipped: { at: clock.now().toISOString(), reason, why },
        counts: { ...counts, skipped: counts.skipped + 1 },
      });
    },
    started: (run, process) => {
      log('info', 'round_started', { run, runPid: process.pid });
      change({ state: 'running', running: { run, at: clock.now().toISOString(), process } });
    },
    ended: (round) => {
      const { run, outcome, why, reported } = round;
      log(outcome === 'complete' ? 'info' : 'error', 'round_ended', {
        run,
        outcome,
        why,
        reported,
      });
      const { counts } = status;
      const count = outcome === 'complete' ? 'complete' : 'failed';
      change({
        state: 'waiting',
        running: null,
        last: round,
        ...(outcome === 'complete' ? { lastComplete: round } : {}),
        counts: { ...counts, [count]: counts[count] + 1 },
      });
    },
    stopped: () => change({ state: 'stopped', next: null }),
  };
}
