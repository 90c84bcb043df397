/**
 * The end of a target's stay: nothing of it is left for the next one to be measured beside.
 *
 * Bounds: 10 seconds to stop, 2 seconds for the port to close.
 *
 * @module
 */

import { connect } from 'node:net';

import { until } from '../host/wait.ts';
import { endSeen, seenTree } from '../host/process-tree.ts';
import type { RunningTarget, Target } from '../adapters/target.ts';
import type { Bench } from './bench.ts';
import { within } from './within.ts';

const STOP_TIMEOUT_MS = 10_000;
const PORT_TIMEOUT_MS = 2000;

/** Stops a target and makes sure. What does not go as it should is told, and never throws. */
export async function stopCompletely(
  { progress }: Pick<Bench, 'progress'>,
  { name, adapter }: Pick<Target, 'name' | 'adapter'>,
  running: RunningTarget,
): Promise<void> {
  const tree = running.pid === null ? [] : seenTree(running.pid);
  const told = (what: string) => (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    progress.note(`${name}: ${what}: ${why}`);
  };
  await within(STOP_TIMEOUT_MS, running.stop()).catch(told('does not stop'));
  await endSeen(tree).catch(told('leaves processes behind'));
  // What is behind a URL is not ours to end.
  if (adapter === 'url') return;
  const { host, port } = running;
  const isClosed = async (): Promise<boolean> => !(await accepts(host, port));
  await until(`port ${port} closes`, isClosed, PORT_TIMEOUT_MS).catch(told('its port stays open'));
}

/** Whether somebody accepts connections there. */
function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
