/**
 * Chunked bodies with all that the grammar allows: extensions and trailers. Anything beyond it is
 * invalid, so that a second reader has no choice.
 *
 * Source: RFC 9112 §7.1.
 *
 * @module
 */

import type { ChunkReader } from '../../support/http1.ts';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = String.raw`"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"`;
const EXTENSION = `[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|${QUOTED}))?`;
const SIZE_LINE = new RegExp(`^([0-9A-Fa-f]{1,16})(?:${EXTENSION})*$`);
const TRAILER_LINE = new RegExp(`^${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*$`);

/** Where the trailer section that begins at `start` ends. */
function trailersEnd(bytes: Buffer, start: number): number | 'partial' | { readonly why: string } {
  for (let at = start; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return 'partial';
    const line = bytes.toString('latin1', at, end);
    at = end + 2;
    if (line === '') return at;
    if (!TRAILER_LINE.test(line)) return { why: `trailer ${JSON.stringify(line.slice(0, 80))}` };
  }
}

export const readChunks: ChunkReader = (bytes, start) => {
  const data: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return 'partial';
    const line = bytes.toString('latin1', at, lineEnd);
    const [, digits] = SIZE_LINE.exec(line) ?? [];
    if (digits === undefined) return { why: `size line ${JSON.stringify(line.slice(0, 80))}` };
    const size = Number.parseInt(digits, 16);
    const dataStart = lineEnd + 2;
    if (size === 0) {
      const end = trailersEnd(bytes, dataStart);
      return typeof end === 'number' ? { bytes: Buffer.concat(data), length: end - start } : end;
    }
    const dataEnd = dataStart + size;
    if (bytes.length < dataEnd + 2) return 'partial';
    if (bytes.toString('latin1', dataEnd, dataEnd + 2) !== '\r\n') return { why: 'chunk end' };
    data.push(bytes.subarray(dataStart, dataEnd));
    at = dataEnd + 2;
  }
};
