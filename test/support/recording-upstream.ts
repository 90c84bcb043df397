/**
 * An upstream that keeps every byte it gets, per connection, and reads requests with the strict
 * parser of the tests. What it answers is up to the test, byte for byte.
 *
 * @module
 */

import { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';

import { parseRequest, type RequestMessage } from './http1.ts';

export class UpstreamConnection {
  readonly socket: Socket;
  readonly requests: RequestMessage[] = [];
  /** Why the strict parser gave up; the connection is read on but not answered any more. */
  invalid: string | null = null;
  closed = false;
  readonly #received: Buffer[] = [];
  #pending: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Every byte received, from the first on. */
  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** Bytes of a request that is not complete. */
  get incomplete(): Buffer {
    return this.#pending;
  }

  /** Forgets what was received, at the end of a request; false when it is in the middle of one. */
  forget(): boolean {
    this.requests.length = 0;
    this.#received.length = 0;
    return this.#pending.length === 0;
  }

  /** Takes bytes; returns the requests they complete. */
  take(chunk: Buffer): RequestMessage[] {
    this.#received.push(chunk);
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const complete: RequestMessage[] = [];
    while (this.invalid === null && this.#pending.length > 0) {
      const parsed = parseRequest(this.#pending);
      if (parsed.kind === 'partial') break;
      if (parsed.kind === 'invalid') {
        this.invalid = parsed.why;
        break;
      }
      complete.push(parsed.message);
      this.#pending = this.#pending.subarray(parsed.length);
    }
    this.requests.push(...complete);
    return complete;
  }
}

/** The bytes to send; null sends nothing (the test does, or nobody does). */
export type Reply = string | Buffer | null;
export type Answering = (
  request: RequestMessage,
  connection: UpstreamConnection,
) => Reply | Promise<Reply>;

/** A plain 200 with a length. */
export function ok(body = 'ok', fields: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = Buffer.byteLength(body, 'latin1');
  return `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n${lines.join('')}\r\n${body}`;
}

export class RecordingUpstream {
  answer: Answering;
  /** Sees the first bytes of every request, before it is complete. */
  onHead: (head: string, socket: Socket) => void = () => {};
  connections: UpstreamConnection[] = [];
  readonly #server: Server;

  private constructor(answer: Answering) {
    this.answer = answer;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  static start(answer: Answering = () => ok()): Promise<RecordingUpstream> {
    const upstream = new RecordingUpstream(answer);
    return new Promise((resolve) => {
      // Left open by a test that fails to start, it must not keep the process.
      upstream.#server.unref().listen(0, '127.0.0.1', () => resolve(upstream));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** All complete requests, connection by connection. */
  get requests(): RequestMessage[] {
    return this.connections.flatMap(({ requests }) => requests);
  }

  /** The latest complete request; fails when there is none. */
  get last(): RequestMessage {
    const request = this.requests.at(-1);
    if (request === undefined) throw new Error('nothing reached the upstream');
    return request;
  }

  /**
   * Forgets what was received so far. Connections stay open, as an idle upstream's do, but for
   * those that are in the middle of a request.
   */
  forget(): void {
    this.connections = this.connections.filter((connection) => {
      const isIdle = connection.forget() && !connection.closed;
      if (!isIdle) connection.socket.destroy();
      return isIdle;
    });
  }

  /** Closes every connection. */
  disconnect(): void {
    for (const { socket } of this.connections) socket.destroy();
    this.connections = [];
  }

  stop(): Promise<void> {
    this.disconnect();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(socket: Socket): void {
    const connection = new UpstreamConnection(socket);
    this.connections.push(connection);
    let answered = Promise.resolve();
    socket.on('data', (chunk) => {
      if (connection.incomplete.length === 0) this.onHead(chunk.toString('latin1', 0, 200), socket);
      for (const request of connection.take(chunk)) {
        answered = answered.then(() => this.#reply(request, connection));
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      connection.closed = true;
    });
  }

  async #reply(request: RequestMessage, connection: UpstreamConnection): Promise<void> {
    const bytes = await this.answer(request, connection);
    if (bytes === null || !connection.socket.writable) return;
    connection.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }
}

/** Stands in for a socket, so that recorded bytes can be read by node's own server. */
class Recorded extends Duplex {
  override _read(): void {
    // pushed from outside
  }

  override _write(_chunk: unknown, _encoding: unknown, done: () => void): void {
    done();
  }
}

/** The request lines node's own HTTP parser finds in these bytes: a second opinion. */
export function secondOpinion(bytes: Buffer): Promise<string[]> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    const server = new HttpServer((request, response) => {
      request.resume();
      request.on('end', () => {
        lines.push(`${request.method} ${request.url}`);
        response.end();
      });
    });
    const stream = new Recorded();
    server.on('clientError', () => stream.destroy());
    stream.on('close', () => resolve(lines));
    stream.on('error', () => {});
    server.emit('connection', stream);
    stream.push(bytes);
    stream.push(null);
    setTimeout(() => stream.destroy(), 50);
  });
}
