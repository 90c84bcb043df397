/**
 * Processes of a run: started on a core, measured with all their children, stopped by their id.
 *
 * Unit of CPU time: microseconds, counted by the kernel in ticks of 10 ms for each process.
 *
 * Source: proc(5), /proc/PID/stat fields 14 and 15.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

import { residentBytes, statOf } from '../../test/support/processes.ts';

const STOP_TIMEOUT_MS = 5000;
const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) {
    for (const pid of treeOf(child.pid ?? 0)) kill(pid, 'SIGKILL');
  }
});
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));

export interface Service {
  readonly pid: number;
  /** What it wrote to standard output and error. */
  readonly output: () => string;
  readonly alive: () => boolean;
  /** Asks it to end, insists after a while, and waits until it is gone. */
  readonly stop: () => Promise<void>;
}

/** What every command is started with. */
let precedence: readonly string[] = [];

/**
 * Gives what is started from now on real-time priority, but not this process, whose garbage
 * collector would keep a target from its core. False without the right to (root, CAP_SYS_NICE).
 */
export function takePrecedence(): boolean {
  const allowed = spawnSync('chrt', ['--rr', '1', 'true']).status === 0;
  if (allowed) precedence = ['chrt', '--rr', '1'];
  return allowed;
}

/** Starts `command` on the cores `cores` (as taskset names them) until it is stopped. */
export function start(cores: string, command: string, args: readonly string[]): Service {
  return serve(cores, [...precedence, command, ...args]);
}

/** As `start`, for what must not be in the way of the others: it has the least priority. */
export function startBehind(cores: string, command: string, args: readonly string[]): Service {
  const behind = precedence.length > 0 ? [] : ['nice', '-n', '19'];
  return serve(cores, [...behind, command, ...args]);
}

function serve(cores: string, words: readonly string[]): Service {
  const child = spawn('taskset', ['--cpu-list', cores, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => written.push(text));
  }
  running.add(child);
  let alive = true;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      alive = false;
      running.delete(child);
      resolve();
    });
    child.once('error', (error) => {
      alive = false;
      written.push(error.message);
      resolve();
    });
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    output: () => written.join(''),
    alive: () => alive,
    stop: async () => {
      const tree = treeOf(pid);
      kill(pid, 'SIGTERM');
      const insist = setTimeout(() => {
        for (const member of tree) kill(member, 'SIGKILL');
      }, STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(insist);
    },
  };
}

/**
 * Runs `command` on `cores` to its end, with `input` to read; resolves with what it wrote. Rejects
 * when it fails.
 */
export function run(
  cores: string,
  command: string,
  args: readonly string[],
  input = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const service = spawn('taskset', ['--cpu-list', cores, ...precedence, command, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    running.add(service);
    // Who ends without reading it is told of by its end.
    service.stdin.on('error', () => {}).end(input);
    let output = '';
    service.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    service.once('error', reject);
    service.once('close', (code) => {
      running.delete(service);
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${code}: ${output}`));
    });
  });
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** A process and everything that descends from it. */
function treeOf(root: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const parent = Number(statOf(pid)[1]);
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(childrenOf.get(pid) ?? []));
  return tree;
}

/** Resident memory of what descends from a process: its workers, in bytes. */
export function workerBytesOf(root: number): number {
  const [, ...workers] = treeOf(root);
  return workers.reduce((sum, pid) => sum + residentBytes(pid), 0);
}

/**
 * How long the first threads of a process's descendants were ready and had no processor, in ms.
 * Source: kernel, Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat.
 */
export function workersWaitedMs(root: number): number {
  const [, ...workers] = treeOf(root);
  const waits = workers.map(
    (pid) => readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1],
  );
  return waits.reduce((sum, nanoseconds) => sum + Number(nanoseconds) / 1e6, 0);
}

/**
 * Established connections to a port of 127.0.0.1. Source: proc(5), /proc/net/tcp: local address,
 * state 01.
 */
export function connectionsTo(port: number): number {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, at, , state]) => at === local && state === '01').length;
}

/** User and system time that a process tree has used so far. */
export interface CpuUse {
  readonly cpuUs: number;
  /** Who was counted: a window in which this changes can't be measured. */
  readonly pids: string;
}

export function cpuOf(root: number): CpuUse {
  const tree = treeOf(root);
  const ticks = tree
    .map((pid) => statOf(pid))
    .reduce((sum, stat) => sum + Number(stat[11] ?? 0) + Number(stat[12] ?? 0), 0);
  return { cpuUs: (ticks * 1e6) / TICKS_PER_S, pids: tree.join(',') };
}

/** Time that the machine was kept from running by its host, and ran in all, in ticks. */
export function machineTicks(): { stolen: number; total: number } {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const fields = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { stolen: fields[7] ?? 0, total: fields.reduce((sum, ticks) => sum + ticks, 0) };
}
