/**
 * Process events: what the main process and its workers do, not what requests do.
 *
 * One line per event on standard error: JSON by default, a short readable line on a terminal.
 * Events are rare (starts, deaths, drains, name changes), so a line is written at once and
 * never queued; a line that standard error does not take is dropped.
 *
 * @module
 */

import { writeSync } from 'node:fs';
import { inspect } from 'node:util';

type Level = 'info' | 'warn' | 'error';

/** Names are camelCase with their unit last. A value never holds a secret. */
type Fields = Readonly<Record<string, string | number | boolean | null>>;

/** `event` is a stable snake_case name. Never throws. */
export type Log = (level: Level, event: string, fields?: Fields) => void;

/** Longest field value, in characters: a stack trace or an error text is cut here. */
const VALUE_MAX = 4096;
const CAUSES_MAX = 4;

/** `source` names the process: `main` or `worker 3`. */
export function openLog(options: {
  readonly source: string;
  readonly human: boolean;
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
}): Log {
  const { source, human, write = writeStderr, now = () => new Date() } = options;
  const format = human ? humanLine : jsonLine;

  return (level, event, fields = {}) => {
    write(format({ time: now().toISOString(), level, source, event, fields }));
  };
}

/** The log of this process: readable when standard error is a terminal. */
export function processLog(source: string): Log {
  return openLog({ source, human: process.stderr.isTTY });
}

/** The text of anything thrown, with its causes, on one line; a cause that is told already is not told again. */
export function describeError(thrown: unknown): string {
  const parts: string[] = [];
  let error = thrown;
  for (; error instanceof Error && parts.length < CAUSES_MAX; error = error.cause) {
    const { message } = error;
    if (!parts.some((told) => told.includes(message))) parts.push(message);
  }
  if (parts.length === 0 || typeof error === 'string') parts.push(inspect(error, { depth: 1 }));
  return parts.join(': ');
}

interface Line {
  readonly time: string;
  readonly level: Level;
  readonly source: string;
  readonly event: string;
  readonly fields: Fields;
}

function jsonLine({ time, level, source, event, fields }: Line): string {
  const cut = Object.entries(fields).map(([name, value]) => [name, shortened(value)]);
  const own = { time, level, source, pid: process.pid, event };
  // Twice: the first decides the order, the second that no field passes for one of them.
  return `${JSON.stringify({ ...own, ...Object.fromEntries(cut), ...own })}\n`;
}

function humanLine({ time, level, source, event, fields }: Line): string {
  const pairs = Object.entries(fields).map(
    ([name, value]) => `  ${name}=${String(shortened(value))}`,
  );
  const text = `${time.slice(11, 19)} ${level.padEnd(5)} ${source}: ${event.replaceAll('_', ' ')}${pairs.join('')}`;
  // A value may come from the network (a peer's error text): it must not move the cursor.
  return `${text.replaceAll(/\p{Cc}+/gu, ' ')}\n`;
}

function shortened(value: Fields[string]): Fields[string] {
  return typeof value === 'string' && value.length > VALUE_MAX ? value.slice(0, VALUE_MAX) : value;
}

function writeStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // EAGAIN or EPIPE: nobody reads, and an event line is not worth a process.
  }
}
