/**
 * One command of the arena as a process of its own: what goes wrong in it ends it alone.
 *
 * It leads a process group. A time limit or `signal` asks it to end with SIGTERM, so that it leaves
 * what it has measured; what is left of the group after it, or after a grace period, is killed.
 *
 * Bounds: 4 MiB of output are kept in the log, the last 1 000 characters for messages.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from './clock.ts';

const LOG_MAX_BYTES = 4 << 20;
const TAIL_MAX = 1000;
/** Wait for what is still in the pipes when the group has ended. */
const DRAIN_MS = 500;

export interface ChildPlan {
  /** The program and its words. */
  readonly words: readonly string[];
  /** Gets what it writes to standard output and error; added to. */
  readonly logFile: string;
  readonly timeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onStart?: (pid: number) => void;
}

export interface ChildEnd {
  readonly ended: 'by-itself' | 'timed-out' | 'stopped';
  readonly exitCode: number | null;
  /** How it ended, and the end of what it wrote to standard error. */
  readonly text: string;
}

/** Resolves when the process and its group have ended; never rejects. */
export async function runChild(plan: ChildPlan): Promise<ChildEnd> {
  const [program = '', ...args] = plan.words;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const output = collect(child.stdout, child.stderr, plan.logFile);
  const done = new AbortController();
  let ended: ChildEnd['ended'] = 'by-itself';

  const stop = async (why: 'timed-out' | 'stopped'): Promise<void> => {
    if (ended !== 'by-itself' || done.signal.aborted) return;
    ended = why;
    if (child.pid !== undefined) signalTo(child.pid, 'SIGTERM');
    await plan.clock.sleep(plan.graceMs, done.signal);
    if (!done.signal.aborted) killGroup(child.pid);
  };
  const onAbort = (): void => void stop('stopped');
  const exit = new Promise<{ code: number | null; how: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, how: error.message }));
    child.once('exit', (code, name) => {
      resolve({ code, how: name === null ? `exit code ${code}` : `signal ${name}` });
    });
  });
  plan.signal.addEventListener('abort', onAbort);
  void plan.clock.sleep(plan.timeoutMs, done.signal).then(() => stop('timed-out'));
  if (child.pid !== undefined) plan.onStart?.(child.pid);
  if (plan.signal.aborted) onAbort();

  const { code, how } = await exit;
  done.abort();
  plan.signal.removeEventListener('abort', onAbort);
  killGroup(child.pid);
  const tail = (await output()).trim();
  return { ended, exitCode: code, text: tail === '' ? how : `${how}: ${tail}` };
}

/** Writes both to a file; resolves with the end of the second when all is written. */
function collect(out: Readable, err: Readable, logFile: string): () => Promise<string> {
  const streams = [out, err];
  const log = createWriteStream(logFile, { flags: 'a' });
  let tail = '';
  let leftBytes = LOG_MAX_BYTES;
  // A log that can't be written costs the log, not the round.
  log.on('error', () => {
    leftBytes = 0;
  });
  for (const stream of streams) {
    stream.on('data', (piece: Buffer) => {
      if (stream === err) tail = (tail + piece.toString('utf8')).slice(-TAIL_MAX);
      const kept = piece.subarray(0, leftBytes);
      leftBytes -= kept.length;
      if (kept.length > 0) log.write(kept);
    });
  }
  return async () => {
    // Somebody who left the group may hold the pipe for ever: what has come is enough.
    const all = Promise.all(streams.map((stream) => finished(stream).catch(() => undefined)));
    await Promise.race([all, sleep(DRAIN_MS, undefined, { ref: false })]);
    for (const stream of streams) stream.destroy();
    await new Promise<void>((resolve) => {
      log.once('error', () => resolve());
      log.end(() => resolve());
    });
    return tail;
  };
}

function killGroup(pid: number | undefined): void {
  if (pid !== undefined) signalTo(-pid, 'SIGKILL');
}

function signalTo(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
