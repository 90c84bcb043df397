/**
 * Large bodies that are made and checked as they go by, and the memory they cost meanwhile.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';

import type { Gateway } from './gateway.ts';
import { sleep } from '../../arena/host/wait.ts';

const BLOCK_BYTES = 65_536;
const SAMPLE_MS = 20;

/** A stream of `sizeBytes`, different everywhere; counts what was taken from it. */
export class Source extends Readable {
  sent = 0;
  readonly #size: number;
  readonly #hash = createHash('sha1');

  constructor(sizeBytes: number) {
    super({ highWaterMark: BLOCK_BYTES });
    this.#size = sizeBytes;
  }

  /** The digest of everything sent; once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  override _read(): void {
    const size = Math.min(BLOCK_BYTES, this.#size - this.sent);
    if (size === 0) {
      this.push(null);
      return;
    }
    const block = Buffer.alloc(size, `${this.sent}.`);
    this.sent += size;
    this.#hash.update(block);
    this.push(block);
  }
}

export interface Drained {
  readonly bytes: number;
  readonly digest: string;
}

/** Reads a stream to its end. Rejects when it is cut. */
export async function drained(stream: AsyncIterable<Buffer>): Promise<Drained> {
  const hash = createHash('sha1');
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, digest: hash.digest('hex') };
}

/** By how much the workers' resident memory rose, at most, while `work` ran. */
export async function growthDuring(gateway: Gateway, work: () => Promise<void>): Promise<number> {
  const start = gateway.workerBytes();
  let highest = start;
  const watch = setInterval(() => {
    highest = Math.max(highest, gateway.workerBytes());
  }, SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return highest - start;
}

/** Waits until a counter stands still, and gives where. */
export async function plateau(read: () => number, stillMs = 400): Promise<number> {
  let last = read();
  for (;;) {
    await sleep(stillMs);
    const now = read();
    if (now === last) return now;
    last = now;
  }
}

/** The most that the kernel keeps of one connection, both ends together. */
export function kernelBufferMaxBytes(): number {
  const ends = ['tcp_rmem', 'tcp_wmem'].map((name) =>
    Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'latin1').trim().split(/\s+/)[2]),
  );
  return ends.reduce((sum, bytes) => sum + bytes, 0);
}
