/**
 * Writes what native code has composed: heads of every response, and the answers that the gateway
 * gives itself. Every response that is not the upstream's leaves by `answer`.
 *
 * @module
 */

import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from 'uWebSockets.js';

import type { WorkerCore } from '../native/addon.ts';
import { FLAG } from '../native/record.ts';

const STATUS_LINES = Array.from({ length: 600 }, (_, code) =>
  `${code} ${STATUS_CODES[code] ?? ''}`.trimEnd(),
);

/** What uWebSockets.js holds back while a handler runs. */
const CORK_BYTES = 16 * 1024;
const PADDING = Buffer.alloc(CORK_BYTES, ' ');
const NOTHING = Buffer.alloc(0);

/** Writes the status and every field of the record at `at`. */
export function writeHead(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
): void {
  const status = records[at + 2] ?? 500;
  if (status !== 200) res.writeStatus(STATUS_LINES[status] ?? `${status}`);
  const head = core.data.subarray(records[at + 3] ?? 0, records[at + 4] ?? 0);
  // The first field's value carries the other field lines with it: one call for all of them.
  res.writeHeader(core.requestIdHeader, head);
}

/** Gives the answer that `begin` has put into `reply`. */
export function answer(res: HttpResponse, core: WorkerCore, draining: boolean): void {
  const { reply, data } = core;
  const flags = reply[1] ?? 0;
  const body = data.subarray(reply[4] ?? 0, reply[5] ?? 0);
  if ((flags & FLAG.tearDown) !== 0) {
    res.onAborted(() => {});
    answerAndClose(res, core, reply, 0, body);
    return;
  }
  const close = (flags & FLAG.close) !== 0 || draining;
  writeHead(res, core, reply, 0);
  if ((flags & FLAG.noBody) === 0) res.end(body, close);
  else res.endWithoutBody(body.byteLength, close);
}

/**
 * Answers, then closes the socket without reading on: where a request ends is not known, so what
 * stands behind it must not be taken for another. The response is never ended, because after an
 * end uWebSockets.js goes on parsing what it has already read; a response that is still open makes
 * it close the socket instead. Then it drops what it has not sent, so the answer is made longer
 * than what it holds back: spaces behind a JSON document mean nothing.
 *
 * With `body` null the response has none, as a 204 or an answer to HEAD.
 */
export function answerAndClose(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
  body: Uint8Array | null,
): void {
  const head = core.data.subarray(records[at + 3] ?? 0, records[at + 4] ?? 0);
  const padded = body === null ? NOTHING : Buffer.concat([body, PADDING]);
  // The front ends a field line by CRLF: it counts as the end of the body.
  const length = body === null ? '' : `content-length: ${padded.byteLength + 2}\r\n`;
  const ending = Buffer.from(`\r\n${length}connection: close\r\n\r\n`, 'latin1');
  res.writeStatus(STATUS_LINES[records[at + 2] ?? 500] ?? '500 Internal Server Error');
  res.writeHeader(core.requestIdHeader, Buffer.concat([head, ending, padded]));
  setImmediate(() => close(res));
}

/** A response that the client has ended meanwhile refuses every call. */
function close(res: HttpResponse): void {
  try {
    res.close();
  } catch {
    // Nothing is left to close.
  }
}
