/**
 * Writes what native code has composed: heads of every response, and the answers that the gateway
 * gives itself. Every response that is not the upstream's leaves here.
 *
 * uWebSockets.js can't do all of it by its own calls (seen on the pinned binary). An end that also
 * closes writes `Connection: close` wherever it stands, an end without a body counts a length it is
 * given as still to come, and a close drops what is still held back. Where that matters the whole
 * response is written as one field line, and the socket is closed or left to the client.
 *
 * Bounds: a client that still sends its body is listened to for `LINGER_MS`.
 *
 * @module
 */

import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from 'uWebSockets.js';

import type { WorkerCore } from '../native/addon.ts';
import { FLAG } from '../native/record.ts';

/** The space stays where there is no reason, too (RFC 9112 §4). */
const STATUS_LINES = Array.from(
  { length: 600 },
  (_, code) => `${code} ${STATUS_CODES[code] ?? ''}`,
);

/** What uWebSockets.js holds back while a handler runs. */
const CORK_BYTES = 16 * 1024;
/** Spaces behind a JSON document mean nothing. */
const PADDING = Buffer.alloc(CORK_BYTES, ' ');
const NOTHING = Buffer.alloc(0);
const LINGER_MS = 2000;

/** Writes the status and every field of the record at `at`. */
export function writeHead(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
): void {
  const status = records[at + 2] ?? 500;
  if (status !== 200) res.writeStatus(STATUS_LINES[status] ?? `${status} `);
  // The first field's value carries the other field lines with it: one call for all of them.
  res.writeHeader(core.requestIdHeader, headOf(core, records, at));
}

/** Gives the answer that `begin` has put into `reply`. */
export function answer(res: HttpResponse, core: WorkerCore, draining: boolean): void {
  const { reply } = core;
  const flags = reply[1] ?? 0;
  const hasBody = (flags & FLAG.noBody) === 0;
  if ((flags & FLAG.tearDown) !== 0 && hasBody) {
    tearDown(res, core);
  } else if ((flags & FLAG.unread) !== 0) {
    answerAndLinger(res, core, reply, 0);
  } else if ((flags & FLAG.close) !== 0 || (draining && !hasBody)) {
    // Never ended, as there: no request behind this one is served (RFC 9112 §9.6).
    res.onAborted(() => {});
    if (hasBody) writeComplete(res, core, reply, 0, NOTHING);
    else writeHeadAlone(res, core, reply, 0);
    setImmediate(() => closeIfOpen(res));
  } else {
    writeWhole(res, core, reply, 0, draining);
  }
}

/** Writes a response that is complete. */
export function writeWhole(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
  draining: boolean,
): void {
  const flags = records[at + 1] ?? 0;
  const close = (flags & FLAG.close) !== 0 || draining;
  if ((flags & FLAG.noBody) === 0) {
    writeHead(res, core, records, at);
    res.end(bodyOf(core, records, at), close);
  } else if (close) {
    writeHeadAlone(res, core, records, at);
    setImmediate(() => closeIfOpen(res));
  } else {
    writeHead(res, core, records, at);
    if ((flags & FLAG.length) !== 0) {
      res.writeHeader('content-length', String(totalOf(records, at)));
    }
    res.endWithoutBody();
  }
}

/** The total length that a record gives. */
export function totalOf(records: Uint32Array, at: number): number {
  return (records[at + 7] ?? 0) * 2 ** 32 + (records[at + 6] ?? 0);
}

/** The bytes of a body that a record gives; valid as long as the record. */
export function bodyOf(core: WorkerCore, records: Uint32Array, at: number): Uint8Array {
  return core.data.subarray(records[at + 4] ?? 0, records[at + 5] ?? 0);
}

/**
 * Answers a client that is still sending, reads on for a while, and closes. Closing at once would
 * make the kernel reset the connection, and the client lose the answer (RFC 9112 §9.6). The
 * response is never ended: uWebSockets.js then takes no further request from this connection.
 */
export function answerAndLinger(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
): void {
  const hasBody = ((records[at + 1] ?? 0) & FLAG.noBody) === 0;
  if (hasBody) writeComplete(res, core, records, at, NOTHING);
  else writeHeadAlone(res, core, records, at);
  linger(res);
}

/**
 * Gives the answer that `body` has put into `reply`, from inside the handler of that body: at once,
 * since behind the body another request may stand, at which uWebSockets.js closes the socket.
 */
export function refuseBody(res: HttpResponse, core: WorkerCore, last: boolean): void {
  writeComplete(res, core, core.reply, 0, PADDING);
  // The handler that runs can't be replaced before it returns.
  setImmediate(() => (last ? closeIfOpen(res) : lingerIfOpen(res)));
}

function linger(res: HttpResponse): void {
  const timer = setTimeout(() => closeIfOpen(res), LINGER_MS);
  res.onAborted(() => clearTimeout(timer));
  res.onData((_chunk, last) => {
    if (!last) return;
    clearTimeout(timer);
    setImmediate(() => closeIfOpen(res));
  });
}

function lingerIfOpen(res: HttpResponse): void {
  try {
    linger(res);
  } catch {
    // The client was faster, as in `closeIfOpen`.
  }
}

/**
 * Answers, then closes the socket without reading on: where a request ends is not known, so what
 * stands behind it must not be taken for another. After an end uWebSockets.js goes on parsing what
 * it has already read; after a close it does not, but drops what it holds back. So the answer is
 * made longer than that.
 */
function tearDown(res: HttpResponse, core: WorkerCore): void {
  res.onAborted(() => {});
  writeComplete(res, core, core.reply, 0, PADDING);
  res.close();
}

/** Writes a whole response past uWebSockets.js, which takes it for one that has only begun. */
function writeComplete(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
  padding: Uint8Array,
): void {
  const body = bodyOf(core, records, at);
  // A field line is ended by CRLF: it counts as the end of the body.
  const length = body.byteLength + padding.byteLength + 2;
  const fields = Buffer.from(`content-length: ${length}\r\nconnection: close\r\n\r\n`);
  writeRaw(res, core, records, at, Buffer.concat([fields, body, padding]));
}

/** The same for an answer to HEAD. The blank line behind it is the end of the field that carries it. */
function writeHeadAlone(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
): void {
  const length = lengthLine(records, at);
  writeRaw(res, core, records, at, Buffer.from(`${length}connection: close\r\n`));
}

function writeRaw(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
  behind: Uint8Array,
): void {
  res.writeStatus(STATUS_LINES[records[at + 2] ?? 500] ?? '500 Internal Server Error');
  const head = headOf(core, records, at);
  res.writeHeader(core.requestIdHeader, Buffer.concat([head, CRLF, behind]));
}

const CRLF = Buffer.from('\r\n');

function headOf(core: WorkerCore, records: Uint32Array, at: number): Uint8Array {
  return core.data.subarray(records[at + 3] ?? 0, records[at + 4] ?? 0);
}

function lengthLine(records: Uint32Array, at: number): string {
  const known = ((records[at + 1] ?? 0) & FLAG.length) !== 0;
  return known ? `content-length: ${totalOf(records, at)}\r\n` : '';
}

function closeIfOpen(res: HttpResponse): void {
  try {
    res.close();
  } catch {
    // The client was faster: uWebSockets.js refuses every call on a response that is gone.
  }
}
