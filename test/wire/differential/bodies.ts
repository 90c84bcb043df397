/**
 * Bodies that tempt: requests, chunks and line ends inside them; and how they are cut into chunks.
 *
 * @module
 */

import type { Dice } from './dice.ts';

const HIDDEN = [
  'GET /smuggled HTTP/1.1\r\nHost: gw.test\r\n\r\n',
  'POST /smuggled HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\n\r\nhello',
  '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: gw.test\r\n\r\n',
  '\r\n0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
];

export const TRAILER_FIELDS = [
  'x-sum: 1',
  'X-Empty:',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Host: evil.test',
];

const EXTENSIONS = [
  ';a',
  ';a=b',
  ';a="b;\\"c"',
  ' ;a',
  ';a = b',
  ';a;b;c',
  ';long='.padEnd(300, 'e'),
  '; a',
  ';a=',
  ';="x"',
];

/** A body of 0 B to 200 KiB, most of them small. */
export function bodyText(dice: Dice): string {
  const filler = (sizeBytes: number) =>
    ''.padEnd(sizeBytes, dice.one(['x', 'hello ', '\r\n', '0', '\0', '\xff']));
  const kind = dice.weighted({
    empty: 8,
    small: 50,
    hidden: 25,
    middle: 15,
    large: 1.5,
    huge: 0.3,
  });
  if (kind === 'empty') return '';
  if (kind === 'hidden') return filler(dice.between(0, 12)) + dice.one(HIDDEN);
  if (kind === 'middle') return filler(dice.between(100, 5000));
  if (kind === 'large') return filler(dice.between(5000, 70_000));
  return filler(kind === 'huge' ? dice.between(70_000, 200_000) : dice.between(1, 100));
}

function sizeText(dice: Dice, sizeBytes: number): string {
  const digits = sizeBytes.toString(16);
  if (dice.percent(90)) return digits;
  return dice.one([digits.toUpperCase(), `0${digits}`, `000000${digits}`]);
}

/** A body in chunks, with the last chunk and these trailer lines. */
export function chunkedText(dice: Dice, body: string, trailers: readonly string[]): string {
  const pieces: string[] = [];
  const extension = () => (dice.percent(6) ? dice.one(EXTENSIONS) : '');
  for (let at = 0; at < body.length; ) {
    const size = dice.between(1, Math.max(Math.ceil(body.length / 2), 10));
    const data = body.slice(at, at + size);
    pieces.push(sizeText(dice, data.length), extension(), '\r\n', data, '\r\n');
    at += size;
  }
  const lastChunk = dice.percent(95) ? '0' : dice.one(['00', '0000']);
  const end = trailers.map((line) => `${line}\r\n`).join('');
  return `${pieces.join('')}${lastChunk}${extension()}\r\n${end}\r\n`;
}
