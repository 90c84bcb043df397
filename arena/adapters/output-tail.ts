/**
 * The end of what a process wrote. Bound: 64 KiB of text, of which the oldest goes first.
 *
 * @module
 */

import type { Readable } from 'node:stream';

const TAIL_MAX_CHARS = 65_536;

export interface OutputTail {
  readonly add: (text: string) => void;
  readonly read: (stream: Readable | null) => void;
  readonly text: () => string;
}

export function outputTail(maxChars: number = TAIL_MAX_CHARS): OutputTail {
  let kept = '';
  const add = (text: string): void => {
    kept = (kept + text).slice(-maxChars);
  };
  return {
    add,
    read: (stream) => stream?.setEncoding('utf8').on('data', add),
    text: () => kept,
  };
}
