/**
 * What signals to the main process mean.
 *
 * SIGTERM and SIGINT drain; another one later than `SAME_MS` after the first ends everything at
 * once. Within that time it is the same wish: whoever ends a process group often signals the
 * process as well. SIGHUP opens log files anew, as rotation wants it, and reads certificates anew; from
 * a terminal that is gone it drains, or the gateway would stay behind unseen.
 *
 * @module
 */

import { isatty } from 'node:tty';

import type { Log } from '../telemetry/log.ts';

const SAME_MS = 1000;

/** What a signal can ask for. */
export interface Commands {
  drain(): void;
  abort(reason: string): void;
  reloadFiles(): void;
}

interface Surroundings {
  readonly nowMs?: () => number;
  /** A terminal that was hung up is none. */
  readonly onTerminal?: () => boolean;
}

/** Listens until the function that it returns is called. */
export function onSignals(
  commands: Commands,
  log: Log,
  { nowMs = () => performance.now(), onTerminal = () => isatty(0) }: Surroundings = {},
): () => void {
  const hadTerminal = onTerminal();
  let firstMs: number | undefined;

  const stop = (signal: NodeJS.Signals): void => {
    log('info', 'signal_received', { signal });
    if (firstMs === undefined) {
      firstMs = nowMs();
      commands.drain();
    } else if (nowMs() - firstMs > SAME_MS) {
      commands.abort(`second ${signal}`);
    }
  };
  const hangUp = (signal: NodeJS.Signals): void => {
    if (hadTerminal && !onTerminal()) {
      stop(signal);
      return;
    }
    log('info', 'signal_received', { signal });
    commands.reloadFiles();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', hangUp);
  return () => process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', hangUp);
}
