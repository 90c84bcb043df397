/**
 * The process entry of the one that ships usage events: begins and ends when told, and ends with its parent.
 *
 * @module
 */

import type { Model } from './config/schema.ts';
import { openSink } from './metering/open-sink.ts';
import { Shipper } from './metering/shipper.ts';
import type { FromShipper, ToShipper } from './supervisor/messages.ts';
import { describeError, processLog } from './telemetry/log.ts';

const COUNTS_MS = 500;

const log = processLog('shipper');
let running: Shipper | undefined;

process.on('message', (message: ToShipper) => {
  if (message.type === 'start') void start(message.modelJson);
  else if (running === undefined) process.exit(0);
  else running.stop(true);
});
process.on('disconnect', () => process.exit(1));
// A terminal and a service manager signal the whole group; the parent alone decides what that means.
process
  .on('SIGINT', () => {})
  .on('SIGHUP', () => {})
  .on('SIGTERM', () => {});
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

async function start(modelJson: string): Promise<void> {
  process.title = 'stoa-gateway: shipper';
  const { metering }: Model = JSON.parse(modelJson);
  if (metering === null) process.exit(0);
  const { spool, batch } = metering;
  const shipper = new Shipper({ spool, batch, sink: await openSink(metering), log });
  running = shipper;
  const timer = setInterval(() => tell(shipper), COUNTS_MS);
  await shipper.run();
  clearInterval(timer);
  tell(shipper, () => process.exit(0));
}

function tell({ counts }: Shipper, sent: () => void = () => {}): void {
  const message: FromShipper = { type: 'counts', counts };
  process.send?.(message, undefined, undefined, sent);
}

function crash(error: unknown): void {
  log('error', 'uncaught_exception', { message: describeError(error) });
  process.exit(1);
}
