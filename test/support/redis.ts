/**
 * Real Redis servers for a test, each on a free port in a folder of its own, keeping nothing on disk unless asked to.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../arena/host/ports.ts';
import { until } from '../../arena/host/wait.ts';

const START_MAX_MS = 20_000;

/** Why there is no Redis here and how to get one; null when there is one, or has to be (CI=true). */
export function redisMissing(): string | null {
  if (process.env['CI'] === 'true') return null;
  const { error } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  return error === undefined
    ? null
    : 'no redis-server; get it: apt-get install redis-server redis-sentinel';
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly #args: readonly string[];
  readonly #cli: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(
    port: number,
    folder: string,
    { args, cli }: { readonly args: readonly string[]; readonly cli: readonly string[] },
  ) {
    this.port = port;
    this.folder = folder;
    this.#args = args;
    this.#cli = cli;
  }

  /** `settings` are lines of redis.conf behind those given here; `cli` what redis-cli needs to get in. */
  static async start(
    settings: readonly string[] | ((port: number) => readonly string[]) = [],
    options: { readonly sentinel?: boolean; readonly cli?: readonly string[] } = {},
  ): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-redis-'));
    const port = await freePort();
    const file = join(folder, 'redis.conf');
    const more = typeof settings === 'function' ? settings(port) : settings;
    const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'save ""', ...more];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const args = options.sentinel === true ? [file, '--sentinel'] : [file];
    const server = new RedisServer(port, folder, { args, cli: options.cli ?? [] });
    await server.run();
    return server;
  }

  /** Starts it, again after `kill`; without persistence it is empty. */
  async run(): Promise<void> {
    const child = spawn('redis-server', this.#args, { stdio: 'ignore' });
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.#child = child;
    const missing = new Promise<never>((_, reject) => {
      child.once('error', reject);
    });
    const answers = until('Redis answers', () => this.#ask('PING') === 'PONG', START_MAX_MS);
    await Promise.race([answers, missing]);
  }

  /** What redis-cli prints for a command. Throws when it can't get in. */
  ask(...words: string[]): string {
    const all = ['-p', String(this.port), ...this.#cli, ...words];
    return execFileSync('redis-cli', all, {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** Takes its time away, and gives it back with SIGCONT. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name);
  }

  /** Ends it as the kernel would. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ask(word: string): string {
    try {
      return this.ask(word);
    } catch {
      return '';
    }
  }
}
