/**
 * A commit that does more work on every request: spin.patch, so many repetitions of it, on another
 * commit. The product has no hook for it.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { patchedCommit } from '../builds/git.ts';
import { internalFailure } from '../failure.ts';
import { PROJECT } from '../place.ts';

const PATCH = join(PROJECT, 'bench/gate/acceptance/spin.patch');

/** `commit` itself for no repetitions. Throws when the patch does not apply to it. */
export function withSpin(repository: string, commit: string, repetitions: number): string {
  if (repetitions === 0) return commit;
  const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-spin-'));
  const file = join(folder, 'spin.patch');
  writeFileSync(
    file,
    readFileSync(PATCH, 'utf8').replaceAll('@REPETITIONS@', `${Math.round(repetitions)}`),
  );
  try {
    return patchedCommit(repository, commit, file);
  } catch (error) {
    throw internalFailure(
      `bench/gate/acceptance/spin.patch does not apply to ${commit.slice(0, 12)}: write it anew against native/core/src/decide/mod.rs`,
      error,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
