/**
 * The OPA that a benchmark measures: `OPA`, the one of `scripts/components.sh`, or that of the path.
 *
 * @module
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../arena/host/ports.ts';
import { until } from '../../arena/host/wait.ts';

const BUILT = join(import.meta.dirname, '../../../.build/opa/opa');

interface Opa {
  /** A bundle with WebAssembly, as long as this process lives. */
  readonly bundle: string;
  readonly url: string;
  stop(): void;
}

/** Builds `entrypoint` of `files` and serves them; null where there is no OPA. */
export async function openOpa(files: readonly string[], entrypoint: string): Promise<Opa | null> {
  const program = process.env['OPA'] ?? (existsSync(BUILT) ? BUILT : 'opa');
  const folder = mkdtempSync(join(tmpdir(), 'stoa-policy-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const bundle = join(folder, 'bundle.tar.gz');
  const built = spawnSync(
    program,
    ['build', '--target', 'wasm', '--entrypoint', entrypoint, '--output', bundle, ...files],
    { encoding: 'utf8' },
  );
  if (built.error !== undefined) return null;
  if (built.status !== 0) throw new Error(`opa build: ${built.stderr}`);

  const address = `127.0.0.1:${await freePort()}`;
  const words = ['run', '--server', '--skip-version-check', '--log-level', 'error'];
  const server = spawn(program, [...words, '--addr', address, ...files], { stdio: 'ignore' });
  const stop = (): void => void server.kill('SIGKILL');
  // Also where something is thrown.
  process.once('exit', stop);
  const url = `http://${address}`;
  await until('OPA answers', () => answers(url));
  return { bundle, url, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}
