/**
 * Starts the real gateway for a test: its own process tree, free ports, a file of its own.
 *
 * A test gives the part of the configuration that it is about; version, mode, listener and admin
 * address are put in front. Every process is stopped when the test's process ends, however it
 * ends. `STOA_TEST_FRONT=native` puts the native front where a test does not say which;
 * `STOA_TEST_GATEWAY_BIN` names another gateway to run instead of `bin/stoa-gateway`;
 * `STOA_TEST_SHOW_OUTPUT=1` prints what each gateway wrote.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../arena/host/ports.ts';
import { childrenOf, isAlive, residentBytes, signal } from '../../arena/host/processes.ts';
import { call } from './raw-client.ts';
import { until } from '../../arena/host/wait.ts';

/** The project's folder, from dist/test/support. */
export const PROJECT = join(import.meta.dirname, '../../..');

const BINARY = process.env['STOA_TEST_GATEWAY_BIN'] ?? join(PROJECT, 'bin/stoa-gateway');
/** What reads requests. */
export type Front = 'uws' | 'native';
/** The front of every gateway that does not say: the same tests run over both. */
export const FRONT: Front = process.env['STOA_TEST_FRONT'] === 'native' ? 'native' : 'uws';
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;

export interface GatewayOptions {
  readonly workers?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Further words of the command line. */
  readonly args?: readonly string[];
  /** Where it matters which; `FRONT` otherwise. */
  readonly front?: Front;
  /** The listener's `connections`, as YAML; the native front only. */
  readonly connections?: string;
  /** Several listeners, or others: what stands between the braces of each beside its address. */
  readonly listeners?: readonly string[];
  /** One that is gone, whose addresses this one takes. */
  readonly after?: Gateway;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Ports {
  readonly ports: readonly number[];
  readonly adminPort: number;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) {
    for (const pid of [...childrenOf(child.pid ?? 0), child.pid ?? 0]) signal(pid, 'SIGKILL');
  }
});

export class Gateway {
  /** One for each listener. */
  readonly ports: readonly number[];
  readonly adminPort: number;
  readonly directory: string;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #output: string[] = [];
  #deathsExpected = 0;

  constructor(child: ChildProcess, { ports, adminPort }: Ports, directory: string) {
    this.#child = child;
    this.ports = ports;
    this.adminPort = adminPort;
    this.directory = directory;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#output.push(text));
    }
    running.add(child);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, by) => {
        running.delete(child);
        resolve({ code, signal: by });
      });
    });
  }

  /** The first listener's. */
  get port(): number {
    return this.ports[0] ?? 0;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything written to stdout and stderr so far. */
  get output(): string {
    return this.#output.join('');
  }

  /** The worker processes, oldest first. */
  workers(): number[] {
    return childrenOf(this.pid);
  }

  /** Resident memory of all workers together, in bytes. */
  workerBytes(): number {
    return this.workers().reduce((sum, pid) => sum + residentBytes(pid), 0);
  }

  async isReady(): Promise<boolean> {
    try {
      return (await call(this.adminPort, 'GET /health/ready')).status === 200;
    } catch {
      return false;
    }
  }

  async whenReady(timeoutMs = START_TIMEOUT_MS): Promise<void> {
    await until('gateway ready', () => this.isReady(), timeoutMs);
  }

  /** Kills one worker as the kernel would, without a chance to clean up. Returns its pid. */
  killWorker(index = 0): number {
    const pid = this.workers()[index];
    if (pid === undefined) throw new Error(`no worker ${index}`);
    this.expectDeath();
    signal(pid, 'SIGKILL');
    return pid;
  }

  /** Kills every process of it at once, the main process first. Its files stay. */
  async killAll(): Promise<void> {
    const children = this.workers();
    for (const pid of [this.pid, ...children]) signal(pid, 'SIGKILL');
    await this.exited;
    await until('its children are gone', () => !children.some(isAlive));
  }

  /** A worker is going to die, and is meant to. */
  expectDeath(): void {
    this.#deathsExpected += 1;
  }

  async metricsText(): Promise<string> {
    return (await call(this.adminPort, 'GET /metrics')).text;
  }

  /** The sum of a metric's samples whose labels include all of these. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    let sum = 0;
    for (const line of (await this.metricsText()).split('\n')) {
      const [, sample = '', set = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (sample === name && wanted.every((label) => set.includes(label))) sum += Number(value);
    }
    return sum;
  }

  signal(name: NodeJS.Signals): void {
    signal(this.pid, name);
  }

  /**
   * Asks it to drain, insists after a while, and removes its files. Rejects when a worker died
   * that was not meant to: a replacement comes so soon that a test may not notice.
   */
  async stop(): Promise<Exit> {
    for (const pid of this.workers()) signal(pid, 'SIGCONT');
    this.signal('SIGTERM');
    const insist = setTimeout(() => {
      for (const pid of [...this.workers(), this.pid]) signal(pid, 'SIGKILL');
    }, STOP_TIMEOUT_MS);
    const exit = await this.exited;
    clearTimeout(insist);
    if (process.env['STOA_TEST_SHOW_OUTPUT'] === '1') console.error(this.output);
    rmSync(this.directory, { recursive: true, force: true });
    const deaths = this.output.split('\n').filter((line) => line.includes('worker_died'));
    if (deaths.length > this.#deathsExpected) throw new Error(`a worker died:\n${this.output}`);
    return exit;
  }
}

function listenersOf({ listeners, front = FRONT, connections }: GatewayOptions): readonly string[] {
  if (listeners !== undefined) return listeners;
  return [`front: ${front}${connections === undefined ? '' : `, connections: ${connections}`}`];
}

function withPrologue(yaml: string, { ports, adminPort }: Ports, options: GatewayOptions): string {
  return [
    'version: 1',
    'mode: proxy',
    `workers: ${options.workers ?? 1}`,
    'listeners:',
    ...listenersOf(options).map((keys, at) => `  - { address: "127.0.0.1:${ports[at]}", ${keys} }`),
    'admin:',
    `  address: 127.0.0.1:${adminPort}`,
    /^drain:/m.test(yaml) ? '' : 'drain: { deadlineMs: 1000 }',
    yaml,
  ].join('\n');
}

async function freePorts(options: GatewayOptions): Promise<Ports> {
  const ports: number[] = [];
  for (const _ of listenersOf(options)) ports.push(await freePort());
  return { ports, adminPort: await freePort() };
}

/** Starts a gateway and waits until every worker is ready. Rejects, with its output, otherwise. */
export async function startGateway(yaml: string, options: GatewayOptions = {}): Promise<Gateway> {
  const { ports, adminPort } = options.after ?? (await freePorts(options));
  const directory = mkdtempSync(join(tmpdir(), 'stoa-test-'));
  const file = join(directory, 'gateway.yaml');
  writeFileSync(file, withPrologue(yaml, { ports, adminPort }, options));

  const child = spawn(process.execPath, [BINARY, 'run', '-c', file, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...options.env },
  });
  const gateway = new Gateway(child, { ports, adminPort }, directory);
  try {
    const exit = await Promise.race([gateway.exited, gateway.whenReady().then(() => null)]);
    if (exit !== null) throw new Error(`the gateway ended with ${exit.code ?? exit.signal}`);
    return gateway;
  } catch (error) {
    const { output } = gateway;
    signal(gateway.pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`the gateway did not start:\n${output}`, { cause: error });
  }
}
