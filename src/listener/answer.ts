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

/** Gives the answer that `begin` has put into `reply`. Call inside `cork`. */
export function answer(res: HttpResponse, core: WorkerCore, draining: boolean): void {
  const { reply, data } = core;
  const flags = reply[1] ?? 0;
  if ((flags & FLAG.tearDown) !== 0) {
    tearDown(res, core);
    return;
  }
  const body = data.subarray(reply[4] ?? 0, reply[5] ?? 0);
  const close = (flags & FLAG.close) !== 0 || draining;
  writeHead(res, core, reply, 0);
  if ((flags & FLAG.noBody) === 0) res.end(body, close);
  else res.endWithoutBody(body.byteLength, close);
}

/**
 * Answers, then closes the socket without reading on: where a request ends is not known, so what
 * stands behind it must not be taken for another. The response is never ended, because after an
 * end uWebSockets.js goes on parsing what it has already read.
 */
function tearDown(res: HttpResponse, core: WorkerCore): void {
  const { reply, data } = core;
  let open = true;
  res.onAborted(() => {
    open = false;
  });
  const head = data.subarray(reply[3] ?? 0, reply[4] ?? 0);
  const body = data.subarray(reply[4] ?? 0, reply[5] ?? 0);
  const ending = Buffer.from(
    `\r\ncontent-length: ${body.byteLength}\r\nconnection: close\r\n\r\n`,
    'latin1',
  );
  res.writeStatus(STATUS_LINES[reply[2] ?? 400] ?? '400 Bad Request');
  res.writeHeader(core.requestIdHeader, Buffer.concat([head, ending, body]));
  setImmediate(() => {
    if (open) res.close();
  });
}
