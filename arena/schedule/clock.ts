/**
 * Time as the schedule sees it; a test gives its own.
 *
 * @module
 */

import { setTimeout as wait } from 'node:timers/promises';

export interface Clock {
  now(): Date;
  /** Resolves after about `ms`, or at once when `signal` is or becomes aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    await wait(ms, undefined, { signal }).catch(() => undefined);
  },
};

/** The longest sleep in one piece: the clock may be set, the machine may have been suspended. */
const NAP_MAX_MS = 30_000;

/** Sleeps until the clock shows `due`; false when `signal` was aborted before. */
export async function sleepUntil(due: Date, clock: Clock, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    if (signal.aborted) return false;
    const leftMs = due.getTime() - clock.now().getTime();
    if (leftMs <= 0) return true;
    await clock.sleep(Math.min(leftMs, NAP_MAX_MS), signal);
  }
}
