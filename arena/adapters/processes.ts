/**
 * Processes of a run: started on cores, stopped with all their children by their ids.
 *
 * What is started has a process group of its own, so that Ctrl-C in a terminal ends only who started
 * it, and ends at the latest when this process exits. Who uses this says what SIGINT and SIGTERM
 * mean to it: left alone, they end a Node process without that.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';

import { signal } from '../host/processes.ts';
import { takesPrecedence } from '../load/program.ts';
import { outputTail } from './output-tail.ts';
import { endSeen, killSeen, seenGroup, seenTree } from '../host/process-tree.ts';

const STOP_TIMEOUT_MS = 5000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) {
    if (child.pid !== undefined) signal(-child.pid, 'SIGKILL');
  }
});

export interface Service {
  readonly pid: number;
  /** The end of what it wrote to standard output and error. */
  readonly output: () => string;
  readonly alive: () => boolean;
  /** Asks it to end, insists after a while, and waits until all its tree is gone. */
  readonly stop: () => Promise<void>;
}

/** Where and with what a process runs; the environment is added to this process's own. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** What every command is started with. */
let precedence: readonly string[] = [];

/**
 * Gives what is started from now on real-time priority, but not this process, whose garbage
 * collector would keep a target from its core. False without the right to (root, CAP_SYS_NICE).
 */
export function takePrecedence(): boolean {
  if (takesPrecedence()) precedence = ['chrt', '--rr', '1'];
  return precedence.length > 0;
}

/** Starts `command` on the cores `cores` (as taskset names them) until it is stopped. */
export function start(
  cores: string,
  command: string,
  args: readonly string[],
  surroundings: Surroundings = {},
): Service {
  return serve(cores, [...precedence, command, ...args], surroundings);
}

/** As `start`, for what must not be in the way of the others: it has the least priority. */
export function startBehind(cores: string, command: string, args: readonly string[]): Service {
  const behind = precedence.length > 0 ? [] : ['nice', '-n', '19'];
  return serve(cores, [...behind, command, ...args], {});
}

function serve(cores: string, words: readonly string[], { env, folder }: Surroundings): Service {
  const child = spawn('taskset', ['--cpu-list', cores, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    cwd: folder,
    detached: true,
  });
  const written = outputTail();
  written.read(child.stdout);
  written.read(child.stderr);
  running.add(child);
  let alive = true;
  const gone = new Promise<void>((resolve) => {
    const end = (): void => {
      alive = false;
      running.delete(child);
      resolve();
    };
    child.once('exit', end);
    child.once('error', (error) => {
      written.add(error.message);
      end();
    });
  });
  return {
    pid: child.pid ?? 0,
    output: written.text,
    alive: () => alive,
    stop: () => stopTree(child, gone),
  };
}

async function stopTree(child: ChildProcess, gone: Promise<void>): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return gone;
  const tree = seenTree(pid);
  signal(pid, 'SIGTERM');
  const insist = setTimeout(() => killSeen(tree), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(insist);
  // Who began after the first look, and whoever lost its parent before.
  await endSeen([...tree, ...seenGroup(pid)]);
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
