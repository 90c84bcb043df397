/**
 * What the main process and a worker say to each other over the IPC channel.
 *
 * The channel carries control only: counters and heartbeats travel through the shared segment.
 *
 * @module
 */

import type { Address } from '../config/address.ts';
import type { ShipperCounts } from '../native/addon.ts';

/** The descriptor of the shared segment in a worker: after stdin, stdout, stderr and IPC. */
export const SEGMENT_FD = 4;
/** That of the file of quotas, where there are any. */
export const QUOTAS_FD = 5;

/** To a worker: begin. Sent once, first. */
export interface StartMessage {
  readonly type: 'start';
  readonly index: number;
  /** The resolved model as the native side reads it. */
  readonly modelJson: string;
  /** The listeners' addresses, every port chosen. */
  readonly addresses: readonly Address[];
}

/** To a worker: accept nothing more, finish what is open, exit 0. */
interface DrainMessage {
  readonly type: 'drain';
  readonly deadlineMs: number;
}

/** To a worker: open log files by their names again, and read certificates anew. */
interface ReloadFilesMessage {
  readonly type: 'reloadFiles';
}

export type ToWorker = StartMessage | DrainMessage | ReloadFilesMessage;

/** From a worker: it accepts, or it can't and exits 1. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string };

export function isFromWorker(message: unknown): message is FromWorker {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  if (message.type === 'ready') return true;
  return message.type === 'failed' && 'message' in message && typeof message.message === 'string';
}

/** To the shipper of usage events: begin, or finish. */
export type ToShipper =
  | { readonly type: 'start'; readonly modelJson: string }
  | { readonly type: 'stop' };

/** From the shipper, about once a second. */
export interface FromShipper {
  readonly type: 'counts';
  readonly counts: ShipperCounts;
}

export function isFromShipper(message: unknown): message is FromShipper {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'counts'
  );
}
