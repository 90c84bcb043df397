/**
 * One place for a worker process: forks it, follows it, and replaces it when it dies.
 *
 * Bounds: one process at a time; one pending replacement; a start takes at most `startMaxMs`.
 *
 * @module
 */

import type { ChildProcess } from 'node:child_process';

import { describeError, type Log } from '../telemetry/log.ts';
import { Backoff } from './backoff.ts';
import { type FromWorker, isFromWorker, type StartMessage, type ToWorker } from './messages.ts';

export interface SlotOptions {
  readonly start: StartMessage;
  readonly startMaxMs: number;
  /** Forks a worker with an IPC channel. May throw. */
  readonly fork: (index: number) => ChildProcess;
  readonly log: Log;
  readonly onReady: () => void;
  /** The worker said why it can't serve; its death follows, or has preceded. */
  readonly onFailed: (message: string) => void;
  /** The process is gone; unless stopped, its replacement is already due. */
  readonly onGone: () => void;
}

interface Worker {
  readonly child: ChildProcess;
  readonly forkedAtMs: number;
  readyAtMs: number | undefined;
  /** Why we killed it; undefined as long as we didn't. */
  killedFor: string | undefined;
}

export class WorkerSlot {
  readonly index: number;
  readonly #options: SlotOptions;
  readonly #backoff = new Backoff();
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #forks = 0;
  #stopping = false;

  constructor(options: SlotOptions) {
    this.index = options.start.index;
    this.#options = options;
  }

  /** Milliseconds since the worker said that it accepts; undefined when none does. */
  get readyForMs(): number | undefined {
    const readyAtMs = this.#worker?.readyAtMs;
    return readyAtMs === undefined ? undefined : performance.now() - readyAtMs;
  }

  get running(): boolean {
    return this.#worker !== undefined;
  }

  /** Processes forked after the first. */
  get restarts(): number {
    return Math.max(0, this.#forks - 1);
  }

  fork(): void {
    if (this.#stopping) return;
    this.#forks += 1;
    let child: ChildProcess;
    try {
      child = this.#options.fork(this.index);
    } catch (error) {
      this.#replace(0, describeError(error));
      return;
    }
    const worker: Worker = {
      child,
      forkedAtMs: performance.now(),
      readyAtMs: undefined,
      killedFor: undefined,
    };
    this.#worker = worker;
    child.on('message', (message) => {
      if (isFromWorker(message)) this.#receive(worker, message);
    });
    child.once('exit', (code, signal) => this.#gone(worker, signal ?? `exit code ${code}`));
    child.on('error', (error) => {
      if (child.pid === undefined) this.#gone(worker, describeError(error));
    });
    this.#timer = setTimeout(() => this.kill('start took too long'), this.#options.startMaxMs);
    this.#send(this.#options.start);
  }

  /** No replacement from here on; the worker finishes what is open and exits. */
  drain(deadlineMs: number): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#send({ type: 'drain', deadlineMs });
  }

  /** A worker that is forked later opens them itself. */
  reloadFiles(): void {
    this.#send({ type: 'reloadFiles' });
  }

  /** SIGKILL. A stopped slot stays empty, another one is filled again. */
  kill(reason: string): void {
    if (this.#worker === undefined) return;
    this.#worker.killedFor = reason;
    this.#worker.child.kill('SIGKILL');
  }

  #send(message: ToWorker): void {
    // A worker that dies meanwhile is told by its exit, so a failed send needs no word.
    this.#worker?.child.send(message, () => {});
  }

  #receive(worker: Worker, message: FromWorker): void {
    if (message.type === 'failed') {
      this.#options.log('error', 'worker_failed', { worker: this.index, message: message.message });
      this.#options.onFailed(message.message);
      return;
    }
    if (worker !== this.#worker || worker.readyAtMs !== undefined) return;
    worker.readyAtMs = performance.now();
    if (!this.#stopping) clearTimeout(this.#timer);
    this.#options.log('info', 'worker_ready', { worker: this.index, workerPid: pidOf(worker) });
    this.#options.onReady();
  }

  #gone(worker: Worker, how: string): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    clearTimeout(this.#timer);
    const livedMs = Math.round(performance.now() - worker.forkedAtMs);
    const killed = worker.killedFor;

    if (this.#stopping) {
      const level = killed === undefined ? 'info' : 'warn';
      this.#options.log(level, 'worker_stopped', {
        worker: this.index,
        workerPid: pidOf(worker),
        reason: killed ?? how,
      });
      this.#options.onGone();
    } else {
      this.#replace(livedMs, killed ?? how, pidOf(worker));
    }
  }

  #replace(livedMs: number, reason: string, workerPid: number | null = null): void {
    const retryMs = this.#backoff.next(livedMs);
    const died = { worker: this.index, workerPid, reason, livedMs, retryMs };
    this.#options.log('warn', 'worker_died', died);
    this.#timer = setTimeout(() => this.fork(), retryMs);
    this.#options.onGone();
  }
}

function pidOf({ child }: Worker): number | null {
  return child.pid ?? null;
}
