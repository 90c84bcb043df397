/**
 * Numbers as people read them: as many digits as say something, digits in groups of three.
 *
 * @module
 */

import type { Estimate } from './estimates.ts';
import type { Cell as TableCell, LoadKind } from './series.ts';

/** What stands where there is no number. */
export const NONE = '–';

/** Three or four digits that count: 0.234, 13.41, 132.4, 1 234; whole numbers as they are. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1000) return value.toString();
  if (size < 1) return value.toFixed(3);
  if (size < 100) return value.toFixed(2);
  if (size < 1000) return value.toFixed(1);
  return grouped(value);
}

/** A whole number, in groups of three digits with no-break spaces between them. */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(?:\d{3})+$)/g, '\u{a0}');
}

/** Milliseconds of microseconds. */
export function millis(us: number | null): string {
  return us === null ? NONE : figure(us / 1000);
}

export function mebibytes(count: number | null): string {
  return count === null ? NONE : (count / 2 ** 20).toFixed(1);
}

/** `[13.35, 13.50]` */
export function interval(
  { low, high }: Pick<Estimate, 'low' | 'high'>,
  format: (value: number) => string = figure,
): string {
  return `[${format(low)}, ${format(high)}]`;
}

/** `0 B`, `1 KiB`, `64 KiB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  if (count < 2 ** 20) return `${figureOf(count / 1024)} KiB`;
  if (count < 2 ** 30) return `${figureOf(count / 2 ** 20)} MiB`;
  return `${figureOf(count / 2 ** 30)} GiB`;
}

const LISTED_MAX = 3;

/** The different ones of them, at most three: `a; b; c; and 4 more`. */
export function listed(items: readonly string[]): string {
  const different = [...new Set(items)];
  const more = different.length - LISTED_MAX;
  const shown = different.slice(0, LISTED_MAX).join('; ');
  return more > 0 ? `${shown}; and ${more} more` : shown;
}

/** `99.9 %`; never 0 nor 100 of what may happen. */
export function likelihood(share: number): string {
  if (share > 0.999) return '> 99.9 %';
  if (share < 0.001) return '< 0.1 %';
  return `${(share * 100).toFixed(1)} %`;
}

function percent(share: number): string {
  return `${figureOf(share * 100)} %`;
}

/** With a sign: `+0.62`, `−0.10`. */
export function signed(value: number): string {
  if (value === 0) return '0';
  return value > 0 ? `+${figure(value)}` : `−${figure(-value)}`;
}

export function loadTitle(load: LoadKind): string {
  const connections = `${load.connections} connections`;
  if (load.mode === 'closed') return `saturated, ${connections}`;
  if (load.mode === 'open') return `${grouped(load.ratePerS)} requests/s for all, ${connections}`;
  return `${percent(load.capacityShare)} of each one’s capacity, ${connections}`;
}

export function cellTitle({ bodyBytes, load }: Omit<TableCell, 'tier'>): string {
  return `${bytes(bodyBytes)} body, ${loadTitle(load)}`;
}

/** `connectionsPerS` → `connections, 1/s`; the unit is the name's end. */
export function figureTitle(name: string): { readonly title: string; readonly unit: string } {
  for (const [ending, unit] of UNITS) {
    if (name.endsWith(ending) && name.length > ending.length) {
      return { title: words(name.slice(0, -ending.length)), unit };
    }
  }
  return { title: words(name), unit: '' };
}

const UNITS = [
  ['PerRequestUs', 'µs/request'],
  ['PerS', '1/s'],
  ['Us', 'µs'],
  ['Ms', 'ms'],
  ['Bytes', 'B'],
  ['Share', 'share'],
  ['S', 's'],
] as const;

/** `errorsAfterKill`, `errors_after_kill` and `errors-after-kill` → `errors after kill`. */
function words(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .trim()
    .toLowerCase();
}

function figureOf(value: number): string {
  return Number.isInteger(value) ? value.toString() : value.toFixed(1);
}
