/**
 * When the clocks of a place change, for native code, which has no database of time zones.
 *
 * The changes are those of this program's database (`process.versions.tz`), from two months ago on for as many years
 * as `YEARS`; behind them nothing changes. A gateway learns of newer rules with its next start.
 *
 * @module
 */

/** Minutes since 1970, and from then on minutes east of UTC. */
export type Change = readonly [atMinute: number, offsetMinutes: number];

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const YEARS = 12;
/** Long enough for the longest window, which is a month. */
const BEFORE_DAYS = 62;
/** Shorter than any time between two changes: Morocco's in Ramadan are a month apart. */
const STEP_DAYS = 7;

/** The first one holds before, too. Ascending. */
export function changesOf(timeZone: string, nowMs: number): Change[] {
  const offsetAt = offsetsOf(timeZone);
  const begin = Math.floor(nowMs / MINUTE_MS) - BEFORE_DAYS * DAY_MINUTES;
  const end = begin + YEARS * 366 * DAY_MINUTES;
  const changes: [number, number][] = [[begin, offsetAt(begin)]];
  let offset = offsetAt(begin);
  for (let at = begin; at < end; at += STEP_DAYS * DAY_MINUTES) {
    const next = at + STEP_DAYS * DAY_MINUTES;
    const then = offsetAt(next);
    if (then === offset) continue;
    changes.push([firstOf(at, next, (minute) => offsetAt(minute) === then), then]);
    offset = then;
  }
  return changes;
}

/** The first minute in `(before, after]` for which it holds, where it does not before and does from then on. */
function firstOf(before: number, after: number, holds: (minute: number) => boolean): number {
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function offsetsOf(timeZone: string): (minute: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (minute) => {
    const parts = new Map(
      format.formatToParts(minute * MINUTE_MS).map(({ type, value }) => [type, Number(value)]),
    );
    const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const shown = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
    return Math.round(shown / MINUTE_MS) - minute;
  };
}
