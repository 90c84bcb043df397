/**
 * Which sources a run was made with.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import type { RunRecord } from '../results/records.ts';

/** From dist/arena/run. */
const PROJECT = join(import.meta.dirname, '../../..');
const TIMEOUT_MS = 10_000;

/** `unknown` outside of a checkout. Never throws. */
export function describeSource(folder: string = PROJECT): RunRecord['source'] {
  try {
    const commit = git(folder, ['rev-parse', 'HEAD']);
    return { commit, dirty: git(folder, ['status', '--porcelain']) !== '' };
  } catch {
    return { commit: 'unknown', dirty: true };
  }
}

function git(folder: string, args: readonly string[]): string {
  const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe', timeout: TIMEOUT_MS } as const;
  return execFileSync('git', [...args], options).trim();
}
