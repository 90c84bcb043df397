/**
 * A process of arena/driver: started on its cores, asked and answering by lines of JSON, one
 * question at a time in the order they were asked.
 *
 * It has real-time priority where that is allowed: load and upstream are one thread, and a moment of
 * somebody else's work on its core, this process's included, would make them late, and with them
 * every number. Source: sched(7), SCHED_RR; chrt(1).
 *
 * Bounds: a line of 16 MiB; 64 KiB of standard error are kept; 2 s to end after being told to.
 *
 * @module
 */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

const KEPT_ERROR_CHARS = 65_536;
const STOP_TIMEOUT_MS = 2000;

const running = new Set<ChildProcessWithoutNullStreams>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (cause: Error) => void;
}

export interface Program {
  readonly pid: number;
  /** The next line that it writes. Rejects when it ends before. */
  readonly line: () => Promise<string>;
  /** Writes a line. */
  readonly tell: (message: object) => void;
  readonly alive: () => boolean;
  /** Tells it to end and waits until it is gone; kills it when it stays. */
  readonly stop: () => Promise<void>;
}

/** The least real-time priority: above all that has none. */
const PRECEDENCE = ['chrt', '--rr', '--reset-on-fork', '1'];
let allowed: boolean | null = null;

/** Whether programs have real-time priority. It takes root or CAP_SYS_NICE, and chrt. */
export function takesPrecedence(): boolean {
  const [command = '', ...flags] = PRECEDENCE;
  allowed ??= spawnSync(command, [...flags, 'true'], { stdio: 'ignore' }).status === 0;
  return allowed;
}

/** Starts `file` on the cores `cores`, as taskset names them. */
export function startProgram(cores: string, file: string, args: readonly string[]): Program {
  const precedence = takesPrecedence() ? PRECEDENCE : [];
  const child = spawn('taskset', ['--cpu-list', cores, ...precedence, file, ...args]);
  running.add(child);
  const waiting: Waiting[] = [];
  const lines: string[] = [];
  let errors = '';
  let end: Error | null = null;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-KEPT_ERROR_CHARS);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift();
    if (next === undefined) lines.push(line);
    else next.resolve(line);
  });
  const gone = new Promise<void>((resolve) => {
    const finish = (why: string): void => {
      running.delete(child);
      end ??= new Error(`${file} ${args.join(' ')} ${why}: ${errors.trim()}`);
      for (const { reject } of waiting.splice(0)) reject(end);
      resolve();
    };
    child.once('error', ({ message }) => finish(`can't be started: ${message}`));
    child.once('close', (code, signal) => finish(`ended with ${code ?? signal}`));
  });
  // What it no longer reads is told by its end.
  child.stdin.on('error', () => {});
  return {
    pid: child.pid ?? 0,
    line: () =>
      new Promise((resolve, reject) => {
        const line = lines.shift();
        if (line !== undefined) resolve(line);
        else if (end !== null) reject(end);
        else waiting.push({ resolve, reject });
      }),
    tell: (message) => {
      child.stdin.write(`${JSON.stringify(message)}\n`);
    },
    alive: () => end === null,
    stop: async () => {
      child.kill('SIGTERM');
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(insist);
    },
  };
}
