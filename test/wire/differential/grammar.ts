/**
 * Requests as clients write them, the odd ones included; one character per byte. What a mutation
 * does to them is in `mutations.ts`.
 *
 * @module
 */

import { bodyText, chunkedText, TRAILER_FIELDS } from './bodies.ts';
import type { Dice } from './dice.ts';

const METHODS = {
  GET: 30, POST: 30, PUT: 12, HEAD: 8, DELETE: 6, OPTIONS: 4, PATCH: 6,
  PROPFIND: 1, REPORT: 1, FOO: 0.3, get: 0.3, TRACE: 0.3, CONNECT: 0.3,
}; // biome-ignore format: a table.

const SEGMENTS = [
  'a',
  'b',
  'long-er_name~x.y',
  '%41',
  '%7e',
  '%3A',
  '%c3%a9',
  'v;p=1',
  '$&+,=@',
  '',
];
const RARE_SEGMENTS = [
  '.',
  '..',
  '%2e',
  '%2E%2e',
  '%2f',
  '%00',
  '%zz',
  '..;x',
  '\\',
  '*',
  'HTTP/1.1',
];
const QUERIES = ['', 'a=b', 'a=b&a=c', 'x=%0d%0a', '//..?', 'q=a+b', 'long='.padEnd(200, 'v')];

const HOSTS = {
  'gw.test': 90,
  'gw.test:8080': 4,
  'GW.TEST': 2,
  '[::1]:80': 1,
  '127.0.0.1': 2,
  'a b': 0.3,
  '': 0.5,
};

const CONNECTIONS = {
  'keep-alive': 30,
  'Keep-Alive': 8,
  close: 12,
  'close, keep-alive': 1,
  'x-hop': 6,
  'X-Hop, keep-alive': 3,
  'Content-Length': 1,
  'Transfer-Encoding': 1,
  Host: 1,
  Upgrade: 3,
  ',,': 1,
  TE: 2,
  'CLOSE ': 2,
};

const ORDINARY = [
  'Accept: */*',
  'User-Agent: differential/1',
  'Accept-Encoding: gzip, br',
  'Cookie: a=b; c=d',
  'X-Empty:',
  'X-Hop: 1',
  'X-Tab:\ta\tb\t',
  'X-Spaces:    a b   ',
  'X-Quoted: "a\\"b"',
  'Content-Type: text/plain',
  'x-lower: 1',
  'X-UPPER: 1',
  'TE: trailers',
  'Keep-Alive: timeout=5',
  'Accept: text/html',
  'x_under: 1',
  'X-Forwarded-For: 10.0.0.1',
  'X-Forwarded-Host: evil.test',
  'Forwarded: for=10.0.0.1',
  'X-Request-Id: mine',
  "!#$%&'*+-.^_`|~: token",
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
];

const ODD = [
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'HTTP2-Settings: AAAA',
  'X-Obs: caf\xe9',
  'X-Obs-Only: \xff',
  'Content_Length: 5',
  'Transfer_Encoding: chunked',
  'Proxy-Connection: close',
  'X-Long: '.padEnd(3000, 'l'),
  'Host: other.test',
  'Content-Length: 0',
  'Transfer-Encoding: identity',
  'Max-Forwards: 0',
  'X-Colon: a:b:c',
  'Sec-WebSocket-Version: 13',
  'Trailer: x-sum',
];

function target(dice: Dice): string {
  const name = () => dice.one(dice.percent(2) ? RARE_SEGMENTS : SEGMENTS);
  const path = `/${dice.times(0, 4, name).join('/')}`;
  const query = dice.percent(25) ? `?${dice.one(QUERIES)}` : '';
  if (dice.percent(1.5)) return `http://gw.test${path}${query}`;
  return dice.percent(0.5) ? dice.one(['*', 'gw.test:80', 'x', '/a#b', '/\xe9']) : path + query;
}

function framing(dice: Dice, method: string): { readonly fields: string[]; readonly body: string } {
  const isPlain = ['GET', 'HEAD', 'OPTIONS', 'DELETE'].includes(method);
  const kind = dice.weighted(
    isPlain ? { none: 85, length: 12, chunked: 3 } : { none: 4, length: 52, chunked: 44 },
  );
  if (kind === 'none') return { fields: [], body: '' };
  const body = bodyText(dice);
  if (kind === 'chunked') {
    const coding = dice.weighted({
      chunked: 94,
      Chunked: 3,
      'gzip, chunked': 1,
      xchunked: 1,
      'chunked ': 1,
    });
    const both = dice.percent(0.7) ? [`Content-Length: ${body.length}`] : [];
    const trailers = dice.percent(12) ? dice.times(0, 2, () => dice.one(TRAILER_FIELDS)) : [];
    return {
      fields: [`Transfer-Encoding: ${coding}`, ...both],
      body: chunkedText(dice, body, trailers),
    };
  }
  const off = dice.percent(2) ? dice.between(-3, 30) : 0;
  const length = Math.max(body.length + off, 0);
  const digits = dice.percent(1.5)
    ? dice.one([`00${length}`, `+${length}`, `${length},${length}`, `0x${length}`])
    : length;
  return { fields: [`Content-Length: ${digits}`], body };
}

/** The fields of one request, its framing and `Host` among them, in any order. */
function fieldLines(dice: Dice, framed: readonly string[]): string[] {
  const lines = [...framed, ...dice.times(0, 4, () => dice.one(ORDINARY))];
  if (dice.percent(98.5)) lines.push(`Host: ${dice.weighted(HOSTS)}`);
  if (dice.percent(20)) lines.push(`Connection: ${dice.weighted(CONNECTIONS)}`);
  if (dice.percent(8)) lines.push(dice.one(ODD));
  return lines
    .map((line) => [dice.between(0, 999), line] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, line]) => line);
}

/** One request. */
export function requestText(dice: Dice): string {
  const method = dice.weighted(METHODS);
  const version = dice.weighted({
    'HTTP/1.1': 94,
    'HTTP/1.0': 5,
    'HTTP/1.2': 0.2,
    'HTTP/2.0': 0.2,
    'http/1.1': 0.2,
  });
  const { fields, body } = framing(dice, method);
  const before = dice.percent(1) ? dice.one(['\r\n', '\r\n\r\n', '\n']) : '';
  const head = [`${method} ${target(dice)} ${version}`, ...fieldLines(dice, fields), '', ''];
  return before + head.join('\r\n') + body;
}
