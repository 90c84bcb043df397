/**
 * Keeps this process itself out of the target's cores: its garbage collector would be in the
 * target's numbers.
 *
 * Source: taskset(1).
 *
 * @module
 */

import { spawnSync } from 'node:child_process';

/** Moves all threads of this process to `cores`. Throws, with what to do, when that can't be. */
export function pinSelf(cores: string): void {
  const args = ['--all-tasks', '--cpu-list', '--pid', cores, `${process.pid}`];
  const { error, status, stderr } = spawnSync('taskset', args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error('missing: taskset; get it: apt-get install util-linux');
  if (status !== 0) {
    throw new Error(
      `cores "${cores}" can't be used: ${stderr.trim()}; name others in the plan's "cores"`,
    );
  }
}
