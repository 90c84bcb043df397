/**
 * The second opinion: node's own server, strict, fed with bytes instead of a socket.
 *
 * Bounds: a body may be as large as `BODY_BUFFER_BYTES` before reading stalls.
 *
 * @module
 */

import { once } from 'node:events';
import { type IncomingMessage, Server } from 'node:http';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

const BODY_BUFFER_BYTES = 1_048_576;
const HEAD_MAX_BYTES = 262_144;
const NEVER_MS = 2_147_483_647;

export interface Opinion {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

/** Stands in for a socket. */
class Fed extends Duplex {
  constructor() {
    super({ highWaterMark: BODY_BUFFER_BYTES });
  }

  override _read(): void {
    // pushed from outside
  }

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }
}

const readers = new WeakMap<Duplex, LlhttpReader>();

const server = new Server(
  {
    insecureHTTPParser: false,
    highWaterMark: BODY_BUFFER_BYTES,
    maxHeaderSize: HEAD_MAX_BYTES,
    requireHostHeader: false,
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: 0,
    connectionsCheckingInterval: NEVER_MS,
  },
  (request, response) => {
    readers.get(request.socket)?.take(request);
    response.end();
  },
);
server.maxHeadersCount = 0;
server.on('checkContinue', (request, response) => server.emit('request', request, response));
server.on('checkExpectation', (request, response) => server.emit('request', request, response));
server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
  const reader = readers.get(socket);
  if (reader !== undefined) reader.error ??= error.code ?? error.message;
  // What was complete before the error is told first.
  setImmediate(() => socket.destroy());
});

/** Reads one connection's bytes, given piece by piece. */
export class LlhttpReader {
  /** Why it reads no further; node's code. */
  error: string | null = null;
  readonly #stream = new Fed();
  readonly #onRequest: (request: Opinion) => void;

  /** `onRequest` gets every complete request, some turns of the loop after its last byte. */
  constructor(onRequest: (request: Opinion) => void) {
    this.#onRequest = onRequest;
    this.#stream.on('error', () => {});
    readers.set(this.#stream, this);
    server.emit('connection', this.#stream);
  }

  take(request: IncomingMessage): void {
    const data: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => data.push(chunk));
    request.on('end', () => {
      const { method = '', url = '' } = request;
      this.#onRequest({ method, target: url, body: Buffer.concat(data) });
    });
  }

  feed(bytes: Buffer): void {
    if (!this.#stream.destroyed) this.#stream.push(bytes);
  }

  /** No more bytes. Resolves when all there is was read. */
  async end(): Promise<void> {
    await turn();
    if (this.#stream.closed) return;
    const closed = once(this.#stream, 'close');
    if (!this.#stream.destroyed) this.#stream.push(null);
    await closed;
  }
}

/** All complete requests of these bytes, and what ended the reading. */
export async function opinionOn(
  bytes: Buffer,
): Promise<{ readonly requests: readonly Opinion[]; readonly error: string | null }> {
  const requests: Opinion[] = [];
  const reader = new LlhttpReader((request) => requests.push(request));
  reader.feed(bytes);
  await reader.end();
  return { requests, error: reader.error };
}
