/**
 * An upstream that can be killed and started again on its port: the native driver's, in a process
 * of its own.
 *
 * Bound: 5 seconds to be there.
 *
 * @module
 */

import { freePort } from '../host/ports.ts';
import { signal } from '../host/processes.ts';
import { PROGRAM } from '../load/native.ts';
import { type Program, startProgram } from '../load/program.ts';
import type { MortalUpstream } from '../scenarios/scenario.ts';
import { within } from './within.ts';

const START_TIMEOUT_MS = 5000;

/** Rejects when it does not listen in time. */
export async function startMortalUpstream(
  cores: string,
  program: string = PROGRAM,
): Promise<MortalUpstream> {
  const port = await freePort();
  let current = await listen(cores, program, port);
  const kill = async (): Promise<void> => {
    signal(current.pid, 'SIGKILL');
    await current.stop();
  };
  return {
    host: '127.0.0.1',
    port,
    kill,
    revive: async () => {
      current = await listen(cores, program, port);
    },
    stop: () => current.stop(),
  };
}

async function listen(cores: string, file: string, port: number): Promise<Program> {
  const program = startProgram(cores, file, ['upstream', '--port', `${port}`]);
  try {
    // It tells where it listens as its first line.
    await within(START_TIMEOUT_MS, program.line());
    return program;
  } catch (error) {
    await program.stop();
    throw error;
  }
}
