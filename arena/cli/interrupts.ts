/**
 * Ctrl-C: once ends the run in order, keeping what was measured; twice ends it at once.
 *
 * @module
 */

import { Interrupted } from '../run/interrupt.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
export const INTERRUPTED_EXIT_CODE = 130;

/** Does `work` with a signal that is aborted by Ctrl-C; `told` is called when it is. */
export async function withInterrupts<Result>(
  told: () => void,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const onSignal = (): void => {
    // What was started is killed when this process ends (arena/adapters/processes.ts).
    if (controller.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE);
    told();
    controller.abort(new Interrupted());
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}
