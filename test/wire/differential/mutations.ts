/**
 * Small damage to request bytes: what attackers, broken clients and other parsers' habits look
 * like. One character per byte.
 *
 * @module
 */

import type { Dice } from './dice.ts';

type Mutation = (text: string, dice: Dice) => string;

const BYTES = [
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\0',
  '\v',
  '\f',
  ':',
  ';',
  ',',
  '"',
  '\\',
  '\x7f',
  '\x80',
  '\xa0',
  '\xff',
  '0',
  '1',
  'a',
  '\r\n\r\n',
  '%',
  '/',
];

const SMUGGLERS = [
  'Content-Length: 0', 'Content-Length: 5', 'Content-Length: 41', 'Transfer-Encoding: chunked', 'Transfer-Encoding:chunked',
  'Transfer-Encoding : chunked', 'Transfer-Encoding: x', 'Transfer-Encoding:\x0bchunked', 'Transfer-Encoding: chunked, identity',
  'X: y\nContent-Length: 0', 'X: y\rTransfer-Encoding: chunked', ' Content-Length: 0', '\tTransfer-Encoding: chunked',
  'Content-Length: 1e1', 'Content-Length: -1', 'Content-Length: 18446744073709551617', 'Host: evil.test', ': empty', 'no-colon',
  'Expect: 100-continue', 'Connection: close', 'Connection: Content-Length', 'Upgrade: websocket', 'Trailer: Content-Length',
]; // biome-ignore format: a list.

function at(text: string, dice: Dice): number {
  return dice.between(0, text.length);
}

/** Somewhere in a head or a size line, rather than in a body's data. */
function nearLineEnd(text: string, dice: Dice): number {
  const ends = [...text.slice(0, 20_000).matchAll(/[\r\n: ]/g)].map(({ index }) => index);
  if (ends.length === 0 || dice.percent(15)) return at(text, dice);
  return Math.min(dice.one(ends) + dice.between(0, 2), text.length);
}

function splice(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}

/** The lines of the first head, changed; text without a head comes back as it is. */
function onHeadLines(text: string, change: (lines: string[]) => void): string {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return text;
  const lines = text.slice(0, end).split('\r\n');
  change(lines);
  return lines.join('\r\n') + text.slice(end);
}

function toggledCase(text: string, dice: Dice): string {
  return [...text]
    .map((letter) => (dice.percent(50) ? letter.toUpperCase() : letter.toLowerCase()))
    .join('');
}

function editNumber(text: string, dice: Dice, pattern: RegExp): string {
  const found = [...text.slice(0, 20_000).matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: digits, index } = dice.one(found);
  const by = dice.one([
    `${digits}0`, digits.slice(1), `0${digits}`, `${digits} `, ` ${digits}`, `+${digits}`, `-${digits}`, `0x${digits}`, '',
    `${digits};x`, `${digits}\t`, `${digits}g`, String(Number.parseInt(digits, 10) + dice.between(-2, 2)), 'ffffffffffffffff', '7fffffff',
  ]); // biome-ignore format: a list.
  return splice(text, index, index + digits.length, by);
}

const MUTATIONS: readonly Mutation[] = [
  (text, dice) => {
    const where = nearLineEnd(text, dice);
    const code = (text.charCodeAt(where) || 0) ^ (1 << dice.between(0, 7));
    return splice(text, where, where + 1, String.fromCharCode(code));
  },
  (text, dice) => {
    const where = nearLineEnd(text, dice);
    return splice(text, where, where, dice.one(BYTES));
  },
  (text, dice) => {
    const where = nearLineEnd(text, dice);
    return splice(text, where, where + dice.between(1, 3), '');
  },
  (text, dice) => {
    const where = nearLineEnd(text, dice);
    return splice(text, where, where + 1, dice.one(BYTES));
  },
  (text, dice) => {
    const where = nearLineEnd(text, dice);
    return splice(text, where, where, text.slice(where, where + dice.between(1, 60)));
  },
  (text, dice) =>
    onHeadLines(text, (lines) =>
      lines.splice(dice.between(1, lines.length), 0, dice.one(SMUGGLERS)),
    ),
  (text, dice) =>
    onHeadLines(text, (lines) => lines.splice(dice.between(1, lines.length), 0, dice.one(lines))),
  (text, dice) => onHeadLines(text, (lines) => lines.splice(dice.between(0, lines.length - 1), 1)),
  (text, dice) =>
    onHeadLines(text, (lines) => {
      const which = dice.between(0, lines.length - 1);
      const [name = '', ...rest] = (lines[which] ?? '').split(':');
      lines[which] = [
        dice.percent(50)
          ? toggledCase(name, dice)
          : dice.one([`${name} `, ` ${name}`, `${name}_`, name.replace('-', '_')]),
        ...rest,
      ].join(':');
    }),
  (text, dice) =>
    onHeadLines(text, (lines) => {
      const which = dice.between(1, lines.length - 1);
      lines[which] = (lines[which] ?? '').replace(
        /[:, ]/,
        (found) => found + dice.one(['\r\n ', '\r\n\t', '\n ', ' \r\n ']),
      );
    }),
  (text, dice) =>
    text.replace(
      dice.one([/\r\n/, /\r\n\r\n/, /\r\n(?=[0-9a-f]+\r\n)/]),
      dice.one(['\n', '\r', '\r\r\n', '\n\r', ' \r\n', '\0\r\n']),
    ),
  (text, dice) => editNumber(text, dice, /(?<=Content-Length: )\d+/gi),
  (text, dice) => editNumber(text, dice, /(?<=\r\n)[0-9a-f]{1,6}(?=[\r;])/gi),
  (text, dice) => text.slice(0, at(text, dice)),
  (text, dice) => text.slice(0, at(text, dice)) + text.slice(at(text, dice)),
];

/** The text with so many changes. */
export function mutated(text: string, count: number, dice: Dice): string {
  let changed = text;
  for (let round = 0; round < count; round++) changed = dice.one(MUTATIONS)(changed, dice);
  return changed;
}
