/**
 * Runs rounds as they fall due, one at a time, until it is told to stop; or one round, now.
 *
 * A moment that comes while a round runs is skipped, not made up for. Errors of a round (a full
 * disk, a program that is missing) cost that round.
 *
 * @module
 */

import { mkdirSync } from 'node:fs';

import { describeError } from '../../src/telemetry/log.ts';
import { sleepUntil } from './clock.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { acquireLock, type Lock, RENEW_MS } from './lock.ts';
import { type RoundPlan, type RoundResult, runRound } from './round.ts';
import { nextTick } from './settings.ts';

export interface SchedulePlan extends RoundPlan {
  /** From 0 to below 1: where in the jitter a round begins. */
  readonly random: () => number;
}

export type Ended = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** `stopped`: somebody asked for it. */
const FINE: ReadonlySet<RoundResult> = new Set(['complete', 'skipped', 'stopped']);

/** Runs one round at once. One that is skipped, for whatever reason, is no failure. */
export async function runOnce(plan: SchedulePlan, signal: AbortSignal): Promise<Ended> {
  return withLock(plan, signal, null, async (ledger, ending) => {
    const result = await attempt(plan, ledger, ending);
    return FINE.has(result)
      ? { ok: true }
      : { ok: false, why: `the round ${result}: see the log before this` };
  });
}

/** Runs rounds until `signal` is aborted; a round that runs then is ended, with its report. */
export async function runSchedule(plan: SchedulePlan, signal: AbortSignal): Promise<Ended> {
  return withLock(plan, signal, plan.settings.cron, async (ledger, ending) => {
    let current: Promise<unknown> | null = null;
    let due = nextDue(plan, plan.clock.now());
    while (due !== null) {
      ledger.waiting(due);
      if (!(await sleepUntil(jittered(plan, due), plan.clock, ending))) break;
      if (current === null) {
        current = attempt(plan, ledger, ending).finally(() => {
          current = null;
        });
      } else {
        ledger.skipped('still-running', 'the last round still runs');
      }
      due = nextDue(plan, due);
    }
    await current;
    ledger.stopped();
    return { ok: true };
  });
}

/** After a long sleep (a suspended machine), what fell due meanwhile is left out. */
function nextDue(plan: SchedulePlan, after: Date): Date | null {
  const now = plan.clock.now();
  return nextTick(plan.settings.cron, after.getTime() > now.getTime() ? after : now);
}

function jittered({ settings, random }: SchedulePlan, due: Date): Date {
  return new Date(due.getTime() + Math.floor((settings.jitterS ?? 0) * 1000 * random()));
}

async function attempt(
  plan: SchedulePlan,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<RoundResult> {
  try {
    return await runRound(plan, ledger, signal);
  } catch (error) {
    plan.log('error', 'round_failed', { error: describeError(error) });
    return 'failed';
  }
}

/** Does `work` while holding the folder's lock, which it renews; its signal also tells of a loss. */
async function withLock(
  plan: SchedulePlan,
  signal: AbortSignal,
  cron: string | null,
  work: (ledger: Ledger, ending: AbortSignal) => Promise<Ended>,
): Promise<Ended> {
  mkdirSync(plan.folder, { recursive: true });
  const acquired = acquireLock(plan.folder, () => plan.clock.now());
  if (!acquired.ok) {
    const why = `${plan.folder} is held by ${acquired.holder}`;
    plan.log('warn', 'round_skipped', { reason: 'locked', why });
    return cron === null ? { ok: true } : { ok: false, why };
  }
  if (acquired.tookOver) plan.log('warn', 'lock_taken_over', { folder: plan.folder });
  const lost = new AbortController();
  const done = new AbortController();
  const renewing = renewUntil(plan, acquired.lock, lost, done.signal);
  try {
    const ledger = await openLedger(plan, cron, lost.signal);
    const ended = await work(ledger, AbortSignal.any([signal, lost.signal]));
    return lost.signal.aborted ? { ok: false, why: 'another schedule took the lock' } : ended;
  } finally {
    done.abort();
    await renewing;
    acquired.lock.release();
  }
}

/** Renews until `done`; aborts `lost` when there is nothing of ours left to renew. */
async function renewUntil(
  { clock, log }: SchedulePlan,
  lock: Lock,
  lost: AbortController,
  done: AbortSignal,
): Promise<void> {
  while (!done.aborted && !lost.signal.aborted) {
    await clock.sleep(RENEW_MS, done);
    try {
      if (lock.renew()) continue;
      log('error', 'lock_lost', {});
      lost.abort();
    } catch (error) {
      log('error', 'lock_not_renewed', { error: describeError(error) });
    }
  }
}
