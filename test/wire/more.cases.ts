/**
 * Byte-level cases beyond `vectors/http1.json`, in the same form: framing, targets, fields and
 * bodies a client can send, and responses an upstream can answer with.
 *
 * @module
 */

import type { Vector } from './vectors.ts';

type Case = readonly [name: string, raw: string, expect: string, why: string];

const HOST = 'Host: gw.test\r\n';
const HIDDEN = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`;

function get(target: string, fields = ''): string {
  return `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

function post(fields: string, body = ''): string {
  return `POST /echo HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

function chunked(body: string): string {
  return post('Transfer-Encoding: chunked\r\n', body);
}

// biome-ignore format: a table is read by column.
const CLIENT: readonly Case[] = [
  ['cl-dup-identical', post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'), '400', 'a repeated Content-Length is refused, also an identical one'],
  ['cl-list-identical', post('Content-Length: 5, 5\r\n', 'hello'), '400', 'a list is no length'],
  ['cl-dup-hides', post('Content-Length: 0\r\nContent-Length: 41\r\n', HIDDEN), '400', 'the first length would make the body a request'],
  ['cl-dup-hides-reversed', post('Content-Length: 41\r\nContent-Length: 0\r\n', HIDDEN), '400', 'the last length would make the body a request'],
  ['cl-plus', post('Content-Length: +5\r\n', 'hello'), '400', 'no sign'],
  ['cl-minus', post('Content-Length: -5\r\n', 'hello'), '400', 'no sign'],
  ['cl-hex', post('Content-Length: 0x5\r\n', 'hello'), '400', 'decimal only'],
  ['cl-float', post('Content-Length: 5.0\r\n', 'hello'), '400', 'digits only'],
  ['cl-underscore-digits', post('Content-Length: 1_0\r\n', '0123456789'), '400', 'digits only'],
  ['cl-arabic-digit', post('Content-Length: \xd9\xa5\r\n', 'hello'), '400', 'digits are ASCII'],
  ['cl-nbsp', post('Content-Length: 5\xa0\r\n', 'hello'), '400', 'no-break space is no white space here'],
  ['cl-nul', post('Content-Length: 5\0\r\n', 'hello'), '400', 'NUL ends no value'],
  ['cl-te-hides', post('Content-Length: 0\r\nTransfer-Encoding: chunked\r\n', `29\r\n${HIDDEN}\r\n0\r\n\r\n`), '400', 'both framings'],
  ['cl-underscore-name', post('Content_Length: 41\r\n', HIDDEN), '400', 'a spelling that some back ends read as Content-Length'],
  ['te-list', post('Transfer-Encoding: gzip, chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'), '400|501', 'only chunked'],
  ['te-twice', post('Transfer-Encoding: chunked, chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'), '400|501', 'chunked applied twice'],
  ['te-dup', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'), '400|501', 'two fields'],
  ['te-identity', post('Transfer-Encoding: identity\r\nContent-Length: 5\r\n', 'hello'), '400|501', 'identity is gone since RFC 7230'],
  ['te-xchunked', post('Transfer-Encoding: xchunked\r\n', '5\r\nhello\r\n0\r\n\r\n'), '400|501', 'not chunked'],
  ['te-xchunked-hides', post('Transfer-Encoding: xchunked\r\n', HIDDEN), '400|501', 'what follows is no request'],
  ['te-xchunked-cl', post('Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n', 'hello'), '400|501', 'not chunked, and a length beside it'],
  ['te-8bit', post('Transfer-Encoding: chunked\xff\r\n', '5\r\nhello\r\n0\r\n\r\n'), '400|501', 'an 8-bit byte must not vanish'],
  ['host-missing', 'GET /echo HTTP/1.1\r\nX: y\r\n\r\n', '400', 'exactly one Host'],
  ['host-dup-other', `GET /echo HTTP/1.1\r\n${HOST}Host: evil.test\r\n\r\n`, '400', 'exactly one Host'],
  ['host-dup-hides', `POST /echo HTTP/1.1\r\n${HOST}Host: b.test\r\nContent-Length: 0\r\n\r\n${HIDDEN}`, '400', 'nothing after a refusal is read'],
  ['host-userinfo', 'GET /echo HTTP/1.1\r\nHost: user@gw.test\r\n\r\n', '400', 'no userinfo'],
  ['host-list', 'GET /echo HTTP/1.1\r\nHost: gw.test, evil.test\r\n\r\n', '400', 'one host'],
  ['host-bad-port', 'GET /echo HTTP/1.1\r\nHost: gw.test:80x\r\n\r\n', '400', 'a port is a number'],
  ['host-open-bracket', 'GET /echo HTTP/1.1\r\nHost: [::1\r\n\r\n', '400', 'no half literal'],
  ['host-ipv6', 'GET /echo HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n', 'single-request', 'an IPv6 literal is legal'],
  ['target-bad-escape', get('/public/%zz'), '400', 'two hex digits follow a percent sign'],
  ['target-cut-escape', get('/public/%4'), '400', 'two hex digits follow a percent sign'],
  ['target-fragment', get('/public/x#y'), '400', 'a fragment is never sent'],
  ['target-above-root', get('/../../admin'), '400|403', 'above the root'],
  ['target-encoded-dots', get('/public/%2e%2e/admin'), '403', 'encoded dot segments are dot segments'],
  ['target-encoded-dots-mixed', get('/public/.%2E/admin/x'), '403', 'encoded dot segments are dot segments'],
  ['target-dots-parameter', get('/public/..;/admin'), '400', 'a dot segment with a parameter'],
  ['target-encoded-letters', get('/%61dmin'), '403', 'encoded letters are letters'],
  ['target-double-encoded', get('/public/%252e%252e/admin'), 'single-request', 'decoded once, never twice'],
  ['target-double-slash', get('/public//..//..//admin'), '403|400', 'slashes are merged before dots'],
  ['target-no-slash', get('echo'), '400', 'origin-form starts with a slash'],
  ['query-control', get('/public?a=\x01'), '400', 'no control byte in a query'],
  ['query-8bit', get('/public?a=\xe9'), '400', 'no raw 8-bit byte in a query'],
  ['query-encoded-crlf', get('/public?a=%0d%0aX:%201'), 'single-request', 'forwarded encoded'],
  ['field-del', get('/echo', 'X: a\x7fb\r\n'), '400', 'DEL in a value'],
  ['field-nul', get('/echo', 'X: a\0b\r\n'), '400', 'NUL in a value'],
  ['field-control', get('/echo', 'X: a\x02b\r\n'), '400', 'control byte in a value'],
  ['field-no-colon', get('/echo', 'X\r\n'), '400', 'a field has a colon'],
  ['field-space-in-name', get('/echo', 'X Y: z\r\n'), '400', 'a name is a token'],
  ['field-8bit-name', get('/echo', 'X\xe9: z\r\n'), '400', 'a name is a token'],
  ['expect-unknown', post('Expect: something\r\nContent-Length: 0\r\n'), '417', 'only 100-continue'],
  ['chunk-ok-many', chunked('1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n'), 'single-request', 'chunks are joined'],
  ['chunk-empty', chunked('0\r\n\r\n'), 'single-request', 'an empty body'],
  ['chunk-data-hides', chunked(`29\r\n${HIDDEN}\r\n0\r\n\r\n`), 'single-request', 'what a chunk holds is data'],
  ['cl-data-hides', post('Content-Length: 41\r\n', HIDDEN), 'single-request', 'what a body holds is data'],
  ['conn-strips-host', get('/echo', 'Connection: close, Host\r\n'), 'single-request|400', 'Host is never taken off'],
  ['conn-strips-te', post('Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'), 'single-request|400', 'framing is never taken off'],
  ['early-403-hides', `POST /admin HTTP/1.1\r\n${HOST}Content-Length: 41\r\n\r\n${HIDDEN}`, '403', 'a body nobody reads is no request'],
  ['early-405-hides', `PATCH /only-get HTTP/1.1\r\n${HOST}Content-Length: 41\r\n\r\n${HIDDEN}`, '404|405', 'a body nobody reads is no request'],
  ['early-401-chunked-hides', `POST /protected HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n29\r\n${HIDDEN}\r\n0\r\n\r\n`, '401', 'a body nobody reads is no request'],
  ['early-417-hides', post('Expect: y\r\nContent-Length: 41\r\n', HIDDEN), '417', 'a body nobody reads is no request'],
  ['bad-target-hides', `POST /%zz HTTP/1.1\r\n${HOST}Content-Length: 41\r\n\r\n${HIDDEN}`, '400', 'a body nobody reads is no request'],
];

function answer(fields: string, body = '', status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\n${fields}\r\n${body}`;
}

// biome-ignore format: a table is read by column.
const UPSTREAM: readonly Case[] = [
  ['up-ok-close-delimited', answer('', 'hello<FIN>'), 'single-response', 'the end of the connection ends the body'],
  ['up-ok-chunk-extension', answer('Transfer-Encoding: chunked\r\n', '5;a=b\r\nhello\r\n0\r\n\r\n'), 'single-response', 'an extension is dropped'],
  ['up-te-and-cl', answer('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '5\r\nhello\r\n0\r\n\r\n'), '502', 'both framings'],
  ['up-te-gzip', answer('Transfer-Encoding: gzip, chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'), '502', 'only chunked'],
  ['up-te-identity', answer('Transfer-Encoding: identity\r\nContent-Length: 5\r\n', 'hello'), '502', 'only chunked'],
  ['up-cl-dup-identical', answer('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'), '502', 'a repeated length'],
  ['up-cl-list', answer('Content-Length: 5, 5\r\n', 'hello'), '502', 'a list is no length'],
  ['up-cl-negative', answer('Content-Length: -1\r\n', ''), '502', 'no sign'],
  ['up-cl-wraps', answer('Content-Length: 18446744073709551621\r\n', 'hello'), '502', '2^64+5'],
  ['up-space-before-colon', answer('Content-Length : 5\r\n', 'hello'), '502', 'no white space before the colon'],
  ['up-obs-fold', answer('X: a\r\n b\r\nContent-Length: 5\r\n', 'hello'), '502', 'no folded lines'],
  ['up-empty-name', answer(': x\r\nContent-Length: 5\r\n', 'hello'), '502', 'a name is a token'],
  ['up-control-value', answer('X: a\x01\r\nContent-Length: 5\r\n', 'hello'), '502', 'no control byte'],
  ['up-status-600', answer('Content-Length: 0\r\n', '', '600 Odd'), '502', 'a status is 100 to 599'],
  ['up-status-text', answer('Content-Length: 0\r\n', '', '2OO OK'), '502', 'a status is three digits'],
  ['up-version-2', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n', '502', 'HTTP/1.x only'],
  ['up-101-unasked', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n', '502', 'nobody asked to switch'],
  ['up-close-at-once', '<FIN>', '502', 'no answer at all'],
  ['up-close-in-head', 'HTTP/1.1 200 OK\r\nContent-Le<FIN>', '502', 'half a head'],
  ['up-chunk-bad-size', answer('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\nzz\r\n'), 'abort|502', 'a bad chunk ends the response'],
  ['up-chunk-bad-end', answer('Transfer-Encoding: chunked\r\n', '5\r\nhelloXX0\r\n\r\n'), 'abort|502', 'a chunk ends in CRLF'],
  ['up-chunk-overflow', answer('Transfer-Encoding: chunked\r\n', 'ffffffffffffffff\r\nhello'), 'abort|502', 'no such size'],
  ['up-304-length', answer('Content-Length: 500\r\n', '', '304 Not Modified'), 'single-response', 'a 304 has no body, whatever its length says'],
  ['up-extra-bytes', answer('Content-Length: 2\r\n', 'okHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 'single-response', 'an answer nobody asked for answers nobody'],
  ['up-100-then-cut', 'HTTP/1.1 100 Continue\r\n\r\n<FIN>', '502', 'interim only'],
];

function toVector(side: Vector['side']) {
  return ([name, raw, expected, why]: Case): Vector => {
    const [expect = '', ...alsoOk] = expected.split('|');
    return { name, category: 'more', side, raw, expect, alsoOk, why };
  };
}

export const MORE: readonly Vector[] = [
  ...CLIENT.map(toVector('client')),
  ...UPSTREAM.map(toVector('upstream')),
];
