/**
 * The part of piscina that is used. Its own declarations contradict themselves under
 * `exactOptionalPropertyTypes`, so tsconfig.json has these in their place.
 *
 * @module
 */

import type { EventEmitter } from 'node:events';
import type { ResourceLimits, Worker } from 'node:worker_threads';

interface PiscinaOptions {
  readonly filename: string;
  /** Name of the export that is called with a task. */
  readonly name: string;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly maxQueue: number;
  readonly recordTiming: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly execArgv: readonly string[];
  readonly workerData: unknown;
  readonly resourceLimits: ResourceLimits;
}

export declare class Piscina<Task, Result> extends EventEmitter {
  constructor(options: PiscinaOptions);
  readonly threads: readonly Worker[];
  /** Rejects when the queue is full, the thread ends or `signal` aborts; then the thread is ended. */
  run(task: Task, options: { readonly signal: AbortSignal }): Promise<Result>;
  /** Ends the threads, and what they do. */
  destroy(): Promise<void>;
}
