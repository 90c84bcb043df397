/**
 * A process that keeps a core busy, until it is stopped. It is no child of this process, so that it
 * is to the gate what any stranger is.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';

import { signal } from '../../../arena/host/processes.ts';
import { GATEWAY_CORE } from '../side.ts';

export interface Hog {
  readonly pid: number;
  readonly stop: () => void;
}

/** Its parent ends at once, which leaves it to the machine's first process. */
const SCRIPT = 'taskset --cpu-list "$0" "$1" -e "for (;;);" >/dev/null 2>&1 & echo $!';

/** On the core that the gateways share; ends with this process at the latest. */
export function startHog(): Hog {
  const words = ['-c', SCRIPT, GATEWAY_CORE, process.execPath];
  const pid = Number(execFileSync('sh', words, { encoding: 'utf8' }).trim());
  const stop = (): void => {
    process.removeListener('exit', stop);
    signal(pid, 'SIGKILL');
  };
  process.once('exit', stop);
  return { pid, stop };
}
