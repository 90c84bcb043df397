/**
 * Which driver a run has: the native one wherever its program is there or can be built.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { startAutocannon } from './autocannon.ts';
import type { LoadStage } from './driver.ts';
import {
  GOAL,
  type NativePlan,
  PROGRAM,
  startNative,
  startPortableUpstream,
  startUpstream,
} from './native.ts';

const ROOT = join(import.meta.dirname, '../../..');
const BUILD_TIMEOUT_MS = 600_000;
const OUTPUT_KEPT_CHARS = 2000;

export interface LoadPlan extends NativePlan {
  /** `auto`: the native one where it can be had, else the portable one. */
  readonly driver: 'auto' | 'native' | 'autocannon';
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

/**
 * Starts the driver that is asked for, and the upstream: the native one where it can be had,
 * whichever the driver. Rejects when what is asked for by name can't be had.
 */
export async function startLoadStage(plan: LoadPlan): Promise<LoadStage> {
  const missing = await buildProgram();
  if (plan.driver !== 'autocannon' && missing === null) return startNative(plan);
  if (plan.driver === 'native') throw new Error(`the native driver can't be had: ${missing}`);
  const { program, host, port } = await (missing === null
    ? startUpstream(plan)
    : startPortableUpstream(plan));
  const portable = startAutocannon();
  return {
    driver: portable.driver,
    upstream: { host, port },
    why: missing === null ? 'it was asked for' : `the native driver can't be had: ${missing}`,
    stop: async () => {
      await Promise.all([program.stop(), portable.stop()]);
    },
  };
}
