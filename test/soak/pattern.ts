/**
 * Bodies that say whose they are: every 16 bytes hold the request's number, so that a byte of
 * somebody else's shows, wherever it lands.
 *
 * @module
 */

const BLOCK = 16;

function blockOf(id: number): string {
  return `#${id.toString(36).padStart(BLOCK - 2, '.')}\n`;
}

/** The body of request or response `id`, `sizeBytes` long. */
export function patternOf(id: number, sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, blockOf(id), 'latin1');
}

/** Follows a body as it arrives. */
export class PatternCheck {
  bytes = 0;
  matches = true;
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  take(chunk: Buffer): void {
    const phase = this.bytes % BLOCK;
    const expected = patternOf(this.#id, phase + chunk.length);
    if (expected.compare(chunk, 0, chunk.length, phase) !== 0) this.matches = false;
    this.bytes += chunk.length;
  }
}

/** A small generator of the same numbers for the same seed (mulberry32); in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
