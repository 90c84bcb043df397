/**
 * A worker's process entry: starts its mode when told, and ends with its parent.
 *
 * An exception that nobody caught ends the process with one line in the log: the state it left
 * behind is unknown, and the main process has a replacement within a second.
 *
 * @module
 */

import type { Model } from './config/schema.ts';
import type { RunningMode, StartMode } from './modes/mode.ts';
import { startProxy } from './modes/proxy.ts';
import {
  type FromWorker,
  QUOTAS_FD,
  SEGMENT_FD,
  type StartMessage,
  type ToWorker,
} from './supervisor/messages.ts';
import { describeError, type Log, processLog } from './telemetry/log.ts';

const MODES: Readonly<Record<Model['mode'], StartMode>> = { proxy: startProxy };

let log: Log = processLog('worker');
let starting: Promise<RunningMode | undefined> = Promise.resolve(undefined);
let drain: ((deadlineMs: number) => Promise<void>) | undefined;

process.on('message', (message: ToWorker) => {
  if (message.type === 'start') starting = start(message);
  else if (message.type === 'reloadFiles') void starting.then((mode) => mode?.reloadFiles());
  else void stop(message.deadlineMs);
});
// The parent is gone: nobody would replace, drain or count this process.
process.on('disconnect', () => process.exit(1));
// A terminal sends these to the whole group; the parent alone decides what they mean.
process.on('SIGINT', () => {}).on('SIGHUP', () => {});
process.on('uncaughtException', (error) => crash('uncaught_exception', error));
process.on('unhandledRejection', (reason) => crash('unhandled_rejection', reason));

async function start({
  index,
  modelJson,
  addresses,
}: StartMessage): Promise<RunningMode | undefined> {
  log = processLog(`worker ${index}`);
  process.title = `stoa-gateway: worker ${index}`;
  const model: Model = JSON.parse(modelJson);
  // A service manager may signal every process of the group: the same as being told by the parent.
  process.on('SIGTERM', () => void stop(model.drain.deadlineMs));

  try {
    const mode = await MODES[model.mode]({
      model,
      modelJson,
      index,
      segmentFd: SEGMENT_FD,
      quotasFd: model.quotas === null ? null : QUOTAS_FD,
      addresses,
      log,
    });
    drain = (deadlineMs) => mode.drain(deadlineMs);
    tell({ type: 'ready' });
    return mode;
  } catch (error) {
    tell({ type: 'failed', message: describeError(error) }, () => process.exit(1));
    return undefined;
  }
}

/** A worker that has not started yet has nothing to finish. */
async function stop(deadlineMs: number): Promise<void> {
  const running = drain;
  drain = () => new Promise(() => {});
  await running?.(deadlineMs);
  process.exit(0);
}

function tell(message: FromWorker, sent: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, sent);
}

function crash(event: string, error: unknown): void {
  log('error', event, {
    message: describeError(error),
    stack: error instanceof Error ? (error.stack ?? '') : '',
  });
  process.exit(1);
}
