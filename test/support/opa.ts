/**
 * The real OPA: bundles that it builds, and a server of its own on a free port.
 *
 * `OPA` names the binary; without it, the one that `scripts/components.sh` built, or that of the path.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../arena/host/ports.ts';
import { until } from '../../arena/host/wait.ts';

const BUILT = join(import.meta.dirname, '../../../.build/opa/opa');
const binary = process.env['OPA'] ?? (existsSync(BUILT) ? BUILT : 'opa');

/** Why a test that needs OPA is skipped; false where it is here, and where nothing may be skipped. */
export const opaMissing: string | false =
  spawnSync(binary, ['version']).status !== 0 &&
  process.env['CI'] !== 'true' &&
  'opa is missing: scripts/opa/install.sh .build/opa';

/** Runs `opa` with `words`; throws with what it says when it fails. */
export function opa(...words: string[]): string {
  return opaIn(process.cwd(), ...words);
}

/** The same in a folder of its own: names of sources are part of a bundle as they were given. */
export function opaIn(folder: string, ...words: string[]): string {
  return execFileSync(binary, words, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** A new bundle with WebAssembly, in a folder that goes when the process does. */
export function buildBundle(
  sources: readonly string[],
  entrypoints: readonly string[],
  options: readonly string[] = [],
): string {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-opa-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const bundle = join(folder, 'bundle.tar.gz');
  const wanted = entrypoints.flatMap((entrypoint) => ['-e', entrypoint]);
  opa('build', '-t', 'wasm', ...wanted, ...options, '-o', bundle, ...sources);
  return bundle;
}

export interface OpaServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** `opa run --server`, ready to be asked. */
export async function startOpa(files: readonly string[], port?: number): Promise<OpaServer> {
  const bound = port ?? (await freePort());
  const address = `127.0.0.1:${bound}`;
  const words = ['run', '--server', '--addr', address, '--log-level', 'error'];
  const child = spawn(binary, [...words, '--skip-version-check', ...files], { stdio: 'ignore' });
  const url = `http://${address}`;
  await until('OPA is healthy', () => isHealthy(url));
  return { url, stop: () => stop(child) };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
