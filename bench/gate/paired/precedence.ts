/**
 * Real-time priority for load and upstream, which are one thread: a moment of somebody else's work
 * would make them late, and with them every number.
 *
 * Not for gateways, whose threads wait for each other: one that spins with real-time priority keeps
 * the one that it waits for from the core. Source: sched(7), SCHED_RR; chrt(1).
 *
 * @module
 */

import { spawnSync } from 'node:child_process';

import { treeOf } from '../../../arena/adapters/process-tree.ts';

/** The least: above all that has none. */
const PRIORITY = '1';

/**
 * Gives it to all processes that this one has started so far. False without the right to (root,
 * CAP_SYS_NICE), or without chrt.
 */
export function takePrecedence(): boolean {
  const [, ...started] = treeOf(process.pid);
  return started.every((pid) => {
    const flags = ['--rr', '--reset-on-fork', '--pid', PRIORITY, `${pid}`];
    return spawnSync('chrt', flags, { stdio: 'ignore' }).status === 0;
  });
}
