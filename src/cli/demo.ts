/**
 * The demo backend: a small upstream to try the gateway against. It says what it received.
 *
 * | request                     | answer                                                              |
 * |-----------------------------|---------------------------------------------------------------------|
 * | any path                    | JSON: method, path, headers, bodyBytes                              |
 * | `/delay/N`                  | the same after N milliseconds, at most 60 000                       |
 * | `/bytes/N`                  | N bytes, at most 1 GiB, streamed as fast as they are read           |
 * | `/sse?count=N&intervalMs=N` | N events (5, at most 1 000), one each interval (1 000, at most 60 000) |
 *
 * Bounds: 256 connections; a request body is counted and never kept; nothing is written to disk.
 *
 * @module
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { formatAddress, parseAddress } from '../config/address.ts';

export interface Demo {
  /** The bound address, `host:port`; the port is real where 0 was asked for. */
  readonly address: string;
  /** Cuts open connections and frees the port. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 256;
const DELAY_MAX_MS = 60_000;
const BYTES_MAX = 1_073_741_824;
const EVENTS_MAX = 1000;

/** One piece of a `/bytes/N` answer. */
const PIECE = Buffer.alloc(65_536, 'stoa ');

/** Starts the backend on `host:port`. Rejects when the address is not usable or in use. */
export async function startDemo(options: { readonly address: string }): Promise<Demo> {
  const address = parseAddress(options.address);
  if (address === null) {
    throw new RangeError(`not an address: "${options.address}" (expected host:port)`);
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  // Longer than the gateway keeps an idle upstream connection, so that it is never the one surprised.
  server.keepAliveTimeout = 75_000;

  server.listen(address.port, address.host);
  await once(server, 'listening');

  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return {
    address: formatAddress({ host: address.host, port }),
    async close(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://demo.invalid');
  const [, kind = '', amount = ''] = /^\/(delay|bytes|sse)(?:\/(\d+))?$/.exec(url.pathname) ?? [];
  const gone = new AbortController();
  response.once('close', () => gone.abort());

  const bodyBytes = await countBody(request);
  if (kind === 'bytes') {
    await sendBytes(response, bounded(amount, 0, BYTES_MAX), gone.signal);
  } else if (kind === 'sse') {
    await sendEvents(response, url.searchParams, gone.signal);
  } else {
    if (kind === 'delay') await pause(bounded(amount, 0, DELAY_MAX_MS), gone.signal);
    sendEcho(request, response, bodyBytes);
  }
}

async function countBody(request: IncomingMessage): Promise<number> {
  let bodyBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) bodyBytes += chunk.length;
  return bodyBytes;
}

function sendEcho(request: IncomingMessage, response: ServerResponse, bodyBytes: number): void {
  const { method, url, headers } = request;
  const body = `${JSON.stringify({ method, path: url, headers, bodyBytes }, null, 2)}\n`;
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

async function sendBytes(
  response: ServerResponse,
  size: number,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size });
  for (let left = size; left > 0 && !signal.aborted; left -= PIECE.length) {
    const flushed = response.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE);
    // oxlint-disable-next-line no-await-in-loop -- waiting for the reader is the point
    if (!flushed) await once(response, 'drain', { signal });
  }
  response.end();
}

async function sendEvents(
  response: ServerResponse,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<void> {
  const count = bounded(query.get('count'), 5, EVENTS_MAX);
  const intervalMs = bounded(query.get('intervalMs'), 1000, DELAY_MAX_MS);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  for (let id = 1; id <= count && !signal.aborted; id += 1) {
    response.write(`id: ${id}\ndata: event ${id} of ${count}\n\n`);
    // oxlint-disable-next-line no-await-in-loop -- the events are meant to be apart
    if (id < count) await pause(intervalMs, signal);
  }
  response.end();
}

/** Resolves after `durationMs`, or at once when the other side has gone. */
async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => {});
}

/** A decimal number from a request, `fallback` where there is none, never above `max`. */
function bounded(text: string | null, fallback: number, max: number): number {
  return text !== null && /^\d+$/.test(text) ? Math.min(Number(text), max) : fallback;
}
