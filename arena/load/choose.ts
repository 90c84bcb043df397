/**
 * Which driver a run has: the native one wherever its program is there or can be built.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { LoadStage } from './driver.ts';
import { PROGRAM, startNative } from './native.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** As the Makefile names it. */
const GOAL = '.build/arena-driver/release/arena-driver';
const BUILD_TIMEOUT_MS = 600_000;
const OUTPUT_KEPT_CHARS = 2000;

export interface DriverChoice {
  /** `auto`: the native one where it can be had, else the portable one. */
  readonly driver: 'auto' | 'native' | 'autocannon';
  /** Of the upstream, and of the native driver's loads that are to share its thread. */
  readonly cores: string;
  /** What the upstream answers at `…/jwks`. */
  readonly jwksFile?: string;
}

/** Builds the native driver unless it is there. Resolves with why it can't; null when it is. */
async function buildProgram(): Promise<string | null> {
  if (existsSync(PROGRAM)) return null;
  const child = spawn('make', ['--no-print-directory', GOAL], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: BUILD_TIMEOUT_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_KEPT_CHARS);
    });
  }
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(`make can't be started: ${message}`));
    child.once('close', (code) => {
      resolve(code === 0 ? null : `make ${GOAL} ended with ${code}: ${output.trim()}`);
    });
  });
}

/** Starts the driver that is asked for, and the upstream. Rejects when it can't be had. */
export async function startLoadStage(choice: DriverChoice): Promise<LoadStage> {
  const missing = await buildProgram();
  if (missing === null) return startNative(choice);
  throw new Error(`the native driver can't be built: ${missing}`);
}
