/**
 * Programs that a measurement needs and a machine may lack.
 *
 * @module
 */

import { spawnSync } from 'node:child_process';

const WAYS = {
  valgrind: 'apt-get install valgrind',
  strace: 'apt-get install strace',
  taskset: 'apt-get install util-linux',
  cargo: 'https://rustup.rs',
} as const;

export type Tool = keyof typeof WAYS;

/** Null when the tool is there; else that it is missing, and how to get it. */
export function missing(tool: Tool): string | null {
  const found = spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin" command -v ${tool}`]).status === 0;
  return found ? null : `${tool} is missing; get it: ${WAYS[tool]}`;
}
