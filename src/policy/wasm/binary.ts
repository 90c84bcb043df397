/**
 * Reads and writes WebAssembly's binary format, as far as rewriting function bodies needs it.
 *
 * Bounds: reading ends with an error at the end of the bytes; numbers have at most 10 bytes.
 * Source: W3C WebAssembly Core 2.0, §5.
 *
 * @module
 */

/** A module that this reader does not understand, or that is cut off. */
export class UnreadableModule extends Error {}

const LEB_MAX_BYTES = 10;

export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    if (end > bytes.length || at > end) throw new UnreadableModule('the module is cut off');
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (this.at >= this.end || value === undefined) {
      throw new UnreadableModule('the module is cut off');
    }
    this.at += 1;
    return value;
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw new UnreadableModule('the module is cut off');
    this.at += count;
  }

  /** An unsigned LEB128 of up to 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new UnreadableModule('a number of the module is too long');
  }

  /** Passes a LEB128 of any kind. */
  skipNumber(): void {
    for (let read = 0; read < LEB_MAX_BYTES; read += 1) {
      if (this.byte() < 0x80) return;
    }
    throw new UnreadableModule('a number of the module is too long');
  }

  /** What stands in the next `u32()` bytes, which are passed. */
  block(): Reader {
    const size = this.u32();
    const start = this.at;
    this.skip(size);
    return new Reader(this.bytes, start, start + size);
  }

  /** One that goes on from here without moving this one. */
  copy(): Reader {
    return new Reader(this.bytes, this.at, this.end);
  }

  /** What has not been read. */
  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }
}

/** Any number from 0 on, as LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  do {
    const low = left % 0x80;
    left = Math.floor(left / 0x80);
    bytes.push(left > 0 ? low | 0x80 : low);
  } while (left > 0);
  return bytes;
}

/** The same for a signed number: its sign's bit has to stay clear. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (;;) {
    const low = left % 0x80;
    left = Math.floor(left / 0x80);
    if (left === 0 && low < 0x40) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}
