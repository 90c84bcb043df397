/**
 * System calls of a process while something happens, counted by strace.
 *
 * Source: strace(1), -c.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../../../arena/host/wait.ts';
import { internalFailure } from '../failure.ts';

const ATTACH_TIMEOUT_MS = 10_000;

const READS = ['read', 'readv', 'recvfrom', 'recvmsg', 'recvmmsg'];
const WRITES = ['write', 'writev', 'sendto', 'sendmsg', 'sendmmsg', 'sendfile'];
const WAITS = ['epoll_wait', 'epoll_pwait', 'epoll_pwait2'];

export interface Syscalls {
  readonly reads: number;
  readonly writes: number;
  readonly waits: number;
  /** All others. */
  readonly others: number;
}

/** Calls by name, out of what `strace -c` prints. */
export function parseSummary(text: string): Map<string, number> {
  const calls = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, count, name] =
      /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z]\w*)$/.exec(line) ?? [];
    if (name !== undefined && name !== 'total') calls.set(name, Number(count));
  }
  return calls;
}

export function grouped(calls: ReadonlyMap<string, number>): Syscalls {
  const sum = (names: readonly string[]): number =>
    names.reduce((total, name) => total + (calls.get(name) ?? 0), 0);
  const all = [...calls.values()].reduce((total, count) => total + count, 0);
  const [reads, writes, waits] = [sum(READS), sum(WRITES), sum(WAITS)];
  return { reads, writes, waits, others: all - reads - writes - waits };
}

/** What all threads of `pid` call while `work` runs. Rejects when strace can't attach. */
export async function countSyscalls(
  pid: number,
  folder: string,
  work: () => Promise<void>,
): Promise<Syscalls> {
  const file = join(folder, `strace-${pid}`);
  const flags = ['-c', '-f', '-o', file, '-p', `${pid}`];
  const tracer = spawn('strace', flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    tracer.once('error', (error) => {
      said += error.message;
    });
    tracer.once('close', () => {
      ended = true;
      resolve();
    });
  });
  const attached = (): boolean => {
    if (ended) throw internalFailure(`strace can't attach: ${said.trim()}`);
    return said.includes(`Process ${pid} attached`);
  };
  try {
    await until('strace is attached', attached, ATTACH_TIMEOUT_MS);
    await work();
  } finally {
    tracer.kill('SIGINT');
    await end;
  }
  const summary = readFileSync(file, 'utf8');
  rmSync(file);
  return grouped(parseSummary(summary));
}
