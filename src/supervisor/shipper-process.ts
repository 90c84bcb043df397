/**
 * The process that ships usage events: forked once, replaced when it dies, told to finish when the workers are gone.
 *
 * It is a process of its own so that neither a worker's loop nor the control plane ever waits for a sink, a disk or a
 * library. Events wait in the spool while there is none.
 * Bounds: one process; `LAST_MS` to ship what is left at the end.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { NOTHING_SHIPPED, type ShipperCounts } from '../native/addon.ts';
import { describeError, type Log } from '../telemetry/log.ts';
import { Backoff } from './backoff.ts';
import { isFromShipper, type ToShipper } from './messages.ts';

const ENTRY = fileURLToPath(new URL('../shipper.js', import.meta.url));
const LAST_MS = 5000;

export class ShipperProcess {
  readonly #options: { readonly modelJson: string; readonly log: Log };
  readonly #backoff = new Backoff();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #gone: () => void = () => {};
  /** Of processes that are gone. */
  #before = NOTHING_SHIPPED;
  #latest = NOTHING_SHIPPED;

  constructor(options: { readonly modelJson: string; readonly log: Log }) {
    this.#options = options;
  }

  /** Counters over all processes there were; gauges of the last. */
  get counts(): ShipperCounts {
    return sumOf(this.#before, this.#latest);
  }

  start(): void {
    if (this.#stopping) return;
    const { log, modelJson } = this.#options;
    const startedMs = performance.now();
    const child = fork(ENTRY, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
      execArgv: [],
    });
    this.#child = child;
    child.on('message', (message) => {
      if (isFromShipper(message)) this.#latest = message.counts;
    });
    // A failed fork has no exit; one that runs has one, and that counts.
    child.once('error', (error) => {
      if (child.pid === undefined) this.#ended(child, startedMs, describeError(error));
    });
    child.once('exit', (code, signal) =>
      this.#ended(child, startedMs, signal ?? `exit code ${code}`),
    );
    log('info', 'shipper_started', { shipperPid: child.pid ?? null });
    this.#send({ type: 'start', modelJson });
  }

  /** With `drain`, what is left is shipped first, for at most five seconds. Resolves when the process is gone. */
  async stop(drain: boolean): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => {
      this.#gone = resolve;
    });
    const insist = setTimeout(() => child.kill('SIGKILL'), drain ? LAST_MS : 0);
    this.#send({ type: 'stop' });
    await gone;
    clearTimeout(insist);
  }

  #send(message: ToShipper): void {
    // One that dies meanwhile is told by its exit.
    this.#child?.send(message, () => {});
  }

  #ended(child: ChildProcess, startedMs: number, reason: string): void {
    if (child !== this.#child) return;
    this.#child = undefined;
    this.#before = this.counts;
    this.#latest = { ...NOTHING_SHIPPED, spoolBytes: this.#before.spoolBytes };
    if (this.#stopping) {
      this.#gone();
      return;
    }
    const retryMs = this.#backoff.next(Math.round(performance.now() - startedMs));
    this.#options.log('warn', 'shipper_died', { shipperPid: child.pid ?? null, reason, retryMs });
    this.#timer = setTimeout(() => this.start(), retryMs);
  }
}

function sumOf(before: ShipperCounts, latest: ShipperCounts): ShipperCounts {
  return {
    spoolBytes: latest.spoolBytes,
    shipped: before.shipped + latest.shipped,
    torn: before.torn + latest.torn,
    sinkFailures: before.sinkFailures + latest.sinkFailures,
    sinkUp: latest.sinkUp,
  };
}
