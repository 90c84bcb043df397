/**
 * The upstream where the native one can't be had: a process of Node, started with the file of
 * `…/jwks` or nothing. Decides as arena/driver/src/upstream/route.rs does, without WebSocket.
 *
 * Tells where it listens as its first line; ends with its input. Bounds: bodies of 16 MiB; delays
 * and intervals of a minute; 100 000 events.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const BODY_MAX_BYTES = 16 << 20;
const WAIT_MAX_MS = 60_000;
const EVENTS_MAX = 100_000;
const BODY = Buffer.alloc(BODY_MAX_BYTES, 'x');

const file = process.argv[2];
const jwks = file === undefined ? null : readFileSync(file);
const requestsOf = new WeakMap<Socket, number>();

/** Reads a whole body; null when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes <= BODY_MAX_BYTES) pieces.push(piece);
  }
  return bytes > BODY_MAX_BYTES ? null : Buffer.concat(pieces);
}

function pairs(fields: readonly string[]): [string, string][] {
  return fields.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : [],
  );
}

/** A decimal number up to `max`; null otherwise. */
function upTo(max: number, text: string | null | undefined): number | null {
  const number = /^\d{1,9}$/.test(text ?? '') ? Number(text) : Number.POSITIVE_INFINITY;
  return number <= max ? number : null;
}

function answer(response: ServerResponse, body: Buffer, type = 'application/octet-stream'): void {
  response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
}

function refuse(response: ServerResponse, status: 400 | 404): void {
  response.writeHead(status, { 'content-length': 0 }).end();
}

function stream(response: ServerResponse, query: URLSearchParams): void {
  const events = upTo(EVENTS_MAX, query.get('events') ?? '1') ?? 0;
  const intervalMs = upTo(WAIT_MAX_MS, query.get('intervalMs') ?? '0');
  if (events === 0 || intervalMs === null) return refuse(response, 404);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (left: number): void => {
    if (response.destroyed) return;
    response.write(`data: ${process.hrtime.bigint() / 1000n}\n\n`);
    if (left <= 1) response.end();
    else setTimeout(send, intervalMs, left - 1);
  };
  send(events);
}

function probe(request: IncomingMessage, body: Buffer, count: number): Buffer {
  const { method, url, rawHeaders } = request;
  return Buffer.from(
    JSON.stringify({
      method,
      path: url,
      headers: pairs(rawHeaders),
      connectionRequests: count,
      bodyBytes: body.length,
    }),
  );
}

function answerByCount(response: ServerResponse, before: string | undefined, last: string): void {
  const bytes = before === 'bytes' ? upTo(BODY_MAX_BYTES, last) : null;
  const waitMs = before === 'delay' ? upTo(WAIT_MAX_MS, last) : null;
  if (bytes !== null) answer(response, BODY.subarray(0, bytes));
  else if (waitMs === null) refuse(response, 404);
  else setTimeout(() => answer(response, BODY.subarray(0, 0)), waitMs);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const count = (requestsOf.get(request.socket) ?? 0) + 1;
  requestsOf.set(request.socket, count);
  const body = await bodyOf(request);
  if (body === null) return refuse(response, 400);
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const [last = '', before] = path.split('/').toReversed();
  if (last === 'echo') answer(response, body);
  else if (last === 'probe') answer(response, probe(request, body, count), 'application/json');
  else if (last === 'sse') stream(response, new URLSearchParams(query));
  else if (last === 'jwks' && jwks !== null) answer(response, jwks, 'application/json');
  else answerByCount(response, before, last);
}

const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  // Whoever goes away in the middle of a body needs no answer.
  serve(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const listening = typeof address === 'object' ? address?.port : undefined;
  process.stdout.write(`${JSON.stringify({ listening })}\n`);
});
process.stdin.resume().once('end', () => process.exit());
