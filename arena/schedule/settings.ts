/**
 * When rounds are run, and when not; what the part `schedule` of a plan says.
 *
 * Times are in UTC: no round is left out or run twice where clocks are changed.
 *
 * Source: croner, mode `5-part` (minute, hour, day, month, weekday; or `@hourly` and its like).
 *
 * @module
 */

import { Cron } from 'croner';

export interface ScheduleSettings {
  /** Five fields, UTC. */
  readonly cron: string;
  /** Runs that began earlier are deleted. */
  readonly retentionDays: number;
  /** Cores' worth of work by others above which a round is skipped. */
  readonly busyLoadMax: number;
  /** A round begins up to so many seconds after it is due; 0 when absent. */
  readonly jitterS?: number;
}

/** What is wrong with a cron expression, or null. */
export function cronProblem(text: string): string | null {
  try {
    if (parsed(text).nextRun(new Date()) !== null) return null;
    return `cron expression "${text}" never comes about: choose a day that its month has`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `cron expression "${text}" is not understood (${why}): write five fields, such as "*/30 * * * *"`;
  }
}

/** The first moment after `after` at which a round is due; null when there is none. */
export function nextTick(cron: string, after: Date): Date | null {
  return parsed(cron).nextRun(after);
}

function parsed(text: string): Cron {
  return new Cron(text, { paused: true, timezone: 'UTC', mode: '5-part' });
}
