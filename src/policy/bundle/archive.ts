/**
 * Reads a gzipped tar archive from memory.
 *
 * Bounds: `unpackedMaxBytes` unpacked, 4096 entries. Only plain files are read; names lose a leading
 * `./` or `/`, and one with `..` in it is an error. Source: POSIX.1-2017 pax, ustar format.
 *
 * @module
 */

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const BLOCK_BYTES = 512;
const ENTRIES_MAX = 4096;
const GZIP_MAGIC = 0x1f_8b;

/** Files by name, in the archive's order. Rejects with a sentence when it is no such archive. */
export async function readArchive(
  packed: Buffer,
  unpackedMaxBytes: number,
): Promise<ReadonlyMap<string, Buffer>> {
  if (packed.length < 2 || packed.readUInt16BE(0) !== GZIP_MAGIC) {
    throw new Error('not a gzipped archive');
  }
  const tar = await unpack(packed, unpackedMaxBytes);
  const files = new Map<string, Buffer>();
  let longName: string | null = null;
  for (let offset = 0, entries = 0; offset + BLOCK_BYTES <= tar.length; entries += 1) {
    const header = tar.subarray(offset, offset + BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) break;
    if (entries >= ENTRIES_MAX) throw new Error(`more than ${ENTRIES_MAX} entries in the archive`);
    const { name, size, type } = readHeader(header);
    const end = offset + BLOCK_BYTES + size;
    if (end > tar.length) throw new Error('the archive is cut off');
    const content = tar.subarray(offset + BLOCK_BYTES, end);
    if (type === 'x') longName = paxPath(content);
    else if (type === '0') files.set(plainName(longName ?? name), content);
    if (type !== 'x') longName = null;
    offset = offset + BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return files;
}

async function unpack(packed: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: maxBytes });
  } catch (cause) {
    const tooLarge = cause instanceof RangeError;
    throw new Error(tooLarge ? `more than ${maxBytes} bytes unpacked` : 'not a gzipped archive', {
      cause,
    });
  }
}

function readHeader(header: Buffer): { name: string; size: number; type: string } {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (octal(header, 148, 8) !== sum) throw new Error('a header of the archive is damaged');
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  const type = text(header, 156, 1);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: octal(header, 124, 12),
    type: type === '' ? '0' : type,
  };
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function octal(header: Buffer, start: number, length: number): number {
  const digits = text(header, start, length).trim();
  if (!/^[0-7]{1,11}$/.test(digits)) throw new Error('a header of the archive is damaged');
  return Number.parseInt(digits, 8);
}

/** The `path` record of a pax header, for names over 100 bytes. */
function paxPath(content: Buffer): string | null {
  return /^\d+ path=(.*)$/m.exec(content.toString('utf8'))?.[1] ?? null;
}

function plainName(name: string): string {
  const plain = name.replace(/^(?:\.?\/)+/, '');
  if (plain.split('/').includes('..')) throw new Error('a name in the archive has ".." in it');
  return plain;
}
