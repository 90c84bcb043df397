/**
 * What a mode is to a worker: something that starts, serves and can be seen out.
 *
 * @module
 */

import type { Address } from '../config/address.ts';
import type { Model } from '../config/schema.ts';
import type { Log } from '../telemetry/log.ts';

export interface ModeOptions {
  readonly model: Model;
  /** The same model, as the native side reads it. */
  readonly modelJson: string;
  readonly index: number;
  readonly segmentFd: number;
  /** The file of quotas, where there are any. */
  readonly quotasFd: number | null;
  /** Where to listen, every port chosen. */
  readonly addresses: readonly Address[];
  readonly log: Log;
}

export interface RunningMode {
  /** Opens log files by their names again, and reads certificates anew. Never throws. */
  reloadFiles(): void;
  /** Accepts nothing more; resolves when nothing is open or the deadline has passed. */
  drain(deadlineMs: number): Promise<void>;
}

/** Resolves when the worker accepts on every address; rejects when it can't. */
export type StartMode = (options: ModeOptions) => Promise<RunningMode>;
