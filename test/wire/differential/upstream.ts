/**
 * The upstream behind the gateway. Two readers take every connection's bytes, the strict parser
 * of the tests and node's; a request is answered when both have read the same.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { type RequestMessage, valuesOf } from '../../support/http1.ts';
import { UpstreamConnection } from '../../support/recording-upstream.ts';
import { LlhttpReader, type Opinion } from './llhttp.ts';

const IDS_MAX = 100_000;

/** One request that reached the upstream. */
export interface Arrival {
  /** Counts requests, from 1 on; the answer carries it. */
  readonly serial: number;
  readonly request: RequestMessage;
  /** The value of `x-request-id`. */
  readonly requestId: string;
}

export interface Watcher {
  /** From which client, by the address the gateway wrote into `x-forwarded-for`. */
  arrived(client: string, arrival: Arrival): void;
  /** What no client can be blamed for. */
  fault(what: string): void;
}

export function digestOf(method: string, target: string, body: Buffer): string {
  return createHash('sha1').update(`${method} ${target}\n`, 'latin1').update(body).digest('hex');
}

/** What is answered to this request: bodies of many lengths that name their request. */
export function answerBody(serial: number, digest: string): string {
  return `${serial} ${digest}\n`.repeat(serial % 97 === 0 ? 600 : serial % 5);
}

function answerTo({ serial, request }: Arrival): Buffer {
  const digest = digestOf(request.method, request.target, request.body);
  const body = answerBody(serial, digest);
  const isChunked = serial % 3 === 0;
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
  const head = `HTTP/1.1 200 OK\r\n${framing}\r\nx-arrival: ${serial}\r\nx-digest: ${digest}\r\n\r\n`;
  if (request.method === 'HEAD') return Buffer.from(head, 'latin1');
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return Buffer.from(head + (isChunked ? `${chunk}0\r\n\r\n` : body), 'latin1');
}

function brief({ method, target, body }: Opinion): string {
  return `${method} ${target} with ${body.length} B`;
}

class Connection {
  readonly #socket: Socket;
  readonly #strict: UpstreamConnection;
  readonly #llhttp: LlhttpReader;
  readonly #onRequest: (request: RequestMessage) => Buffer;
  readonly #watcher: Watcher;
  readonly #ours: RequestMessage[] = [];
  readonly #theirs: Opinion[] = [];

  constructor(socket: Socket, onRequest: (request: RequestMessage) => Buffer, watcher: Watcher) {
    this.#socket = socket;
    this.#onRequest = onRequest;
    this.#watcher = watcher;
    this.#strict = new UpstreamConnection(socket);
    this.#llhttp = new LlhttpReader((request) => {
      this.#theirs.push(request);
      this.#compare();
    });
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => void this.#end());
  }

  #take(chunk: Buffer): void {
    this.#llhttp.feed(chunk);
    this.#ours.push(...this.#strict.take(chunk));
    if (this.#strict.invalid !== null) {
      this.#fault(`malformed upstream request (${this.#strict.invalid})`);
      this.#socket.destroy();
    }
    if (this.#strict.incomplete.length === 0) this.#strict.forget();
    this.#compare();
  }

  #compare(): void {
    while (this.#ours.length > 0 && this.#theirs.length > 0) {
      const ours = this.#ours.shift() as RequestMessage;
      const theirs = this.#theirs.shift() as Opinion;
      const isSame =
        ours.method === theirs.method &&
        ours.target === theirs.target &&
        ours.body.equals(theirs.body);
      if (!isSame) this.#fault(`two readings: ${brief(ours)}, llhttp ${brief(theirs)}`);
      const answer = this.#onRequest(ours);
      if (this.#socket.writable) this.#socket.write(answer);
    }
  }

  async #end(): Promise<void> {
    await this.#llhttp.end();
    const { length } = this.#ours;
    if (length !== this.#theirs.length) {
      this.#fault(`${length} requests more than llhttp read, ${this.#theirs.length} fewer`);
    }
  }

  #fault(what: string): void {
    const bytes = JSON.stringify(this.#strict.received.toString('latin1').slice(0, 2000));
    this.#watcher.fault(`${what}; llhttp: ${this.#llhttp.error}; ${bytes}`);
  }
}

export class ComparingUpstream {
  /** Requests that arrived. */
  arrivals = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #watcher: Watcher;
  readonly #ids = new Set<string>();

  private constructor(watcher: Watcher) {
    this.#watcher = watcher;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      new Connection(socket, (request) => this.#arrived(request), watcher);
    });
  }

  static start(watcher: Watcher): Promise<ComparingUpstream> {
    const upstream = new ComparingUpstream(watcher);
    return new Promise((resolve) => {
      upstream.#server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () =>
        resolve(upstream),
      );
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #arrived(request: RequestMessage): Buffer {
    this.arrivals += 1;
    const clients = valuesOf(request.fields, 'x-forwarded-for');
    const ids = valuesOf(request.fields, 'x-request-id');
    const [requestId = ''] = ids;
    if (clients.length !== 1 || ids.length !== 1 || this.#ids.has(requestId)) {
      this.#watcher.fault(`forwarding fields: ${clients.join()} | ${ids.join()}`);
    }
    if (this.#ids.size >= IDS_MAX) this.#ids.clear();
    this.#ids.add(requestId);
    const arrival = { serial: this.arrivals, request, requestId };
    this.#watcher.arrived(clients[0] ?? '', arrival);
    return answerTo(arrival);
  }
}
