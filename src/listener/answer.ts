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
const CLOSING = Buffer.from('\r\nconnection: close\r\n');

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
    tearDown(res, core, body);
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
 * end uWebSockets.js goes on parsing what it has already read; after a close it does not, but drops
 * what it holds back. So the answer is made longer than that: spaces behind JSON mean nothing.
 */
function tearDown(res: HttpResponse, core: WorkerCore, body: Uint8Array): void {
  const { reply, data } = core;
  const head = data.subarray(reply[3] ?? 0, reply[4] ?? 0);
  // The front ends a field line by CRLF: it counts as the end of the body.
  const length = body.byteLength + PADDING.byteLength + 2;
  const ending = Buffer.from(`\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`);
  res.onAborted(() => {});
  res.writeStatus(STATUS_LINES[reply[2] ?? 500] ?? '500 Internal Server Error');
  res.writeHeader(core.requestIdHeader, Buffer.concat([head, ending, body, PADDING]));
  res.close();
}

/**
 * Writes the head of a response that has neither a body nor a length, and closes the connection
 * behind it: ending such a response leaves it open.
 */
export function writeHeadAndClose(
  res: HttpResponse,
  core: WorkerCore,
  records: Uint32Array,
  at: number,
): void {
  const head = core.data.subarray(records[at + 3] ?? 0, records[at + 4] ?? 0);
  res.writeStatus(STATUS_LINES[records[at + 2] ?? 500] ?? '500 Internal Server Error');
  res.writeHeader(core.requestIdHeader, Buffer.concat([head, CLOSING]));
  setImmediate(() => {
    try {
      res.close();
    } catch {
      // The client was faster: uWebSockets.js refuses every call on a response that is gone.
    }
  });
}
