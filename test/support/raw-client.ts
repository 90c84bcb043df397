/**
 * A client that sends exactly the bytes it is told to, in the segments it is told to, and reads
 * until it has seen what it waits for.
 *
 * Bounds: everything received is kept, so answers stay under a few megabytes here.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';

import { type Conversation, parseResponses, type ResponseMessage, valuesOf } from './http1.ts';
import { sleep } from '../../arena/host/wait.ts';

const CALL_TIMEOUT_MS = 15_000;

export interface Segment {
  /** One character per byte. */
  readonly send: string;
  /** How long to wait after sending it. */
  readonly waitMs: number;
}

export interface Observed extends Conversation {
  readonly bytes: Buffer;
  /** The peer has closed (or reset) the connection. */
  readonly closed: boolean;
}

export interface ReadOptions {
  /** Methods of the requests sent, in order, for HEAD's sake. */
  readonly methods?: readonly string[];
  readonly timeoutMs?: number;
  /** How long to go on reading after the verdict: what should not come, comes then. */
  readonly quietMs?: number;
}

export class RawClient {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    socket.on('end', () => {
      this.#closed = true;
    });
    socket.on('error', () => {
      this.#closed = true;
    });
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  /**
   * `localAddress` is where it calls from, any of 127.0.0.0/8. Only who says it is bound: the
   * kernel looks for a port of its own for each, which takes seconds once thousands are taken.
   */
  static open(port: number, localAddress?: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const from = localAddress === undefined ? {} : { localAddress };
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...from });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket));
      });
    });
  }

  /** Takes over a socket that is connected, such as one with TLS. */
  static on(socket: Socket): RawClient {
    return new RawClient(socket);
  }

  /** One character per byte; nothing is sent when the peer has gone. */
  send(text: string | Buffer): void {
    if (this.socket.writable) {
      this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    }
  }

  async sendSegments(segments: readonly Segment[]): Promise<void> {
    for (const { send, waitMs } of segments) {
      this.send(send);
      await sleep(waitMs);
    }
  }

  seen(methods: readonly string[] = []): Observed {
    const conversation = parseResponses(this.#bytes, methods, this.#closed);
    return { ...conversation, bytes: this.#bytes, closed: this.#closed };
  }

  /** Reads until the verdict, the peer's end or the time is over; never rejects. */
  async read(
    verdict: (seen: Observed) => boolean,
    { methods = [], timeoutMs = CALL_TIMEOUT_MS, quietMs = 0 }: ReadOptions = {},
  ): Promise<Observed> {
    const deadline = Date.now() + timeoutMs;
    let seen = this.seen(methods);
    while (!seen.closed && !verdict(seen) && Date.now() < deadline) {
      await this.#nextEvent(deadline - Date.now());
      seen = this.seen(methods);
    }
    if (quietMs > 0 && !seen.closed) {
      await sleep(quietMs);
      seen = this.seen(methods);
    }
    return seen;
  }

  /** Forgets what was received, so that the next answer is read by itself. */
  forget(): void {
    this.#bytes = Buffer.alloc(0);
  }

  close(): void {
    this.socket.destroy();
  }

  #nextEvent(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        for (const name of ['data', 'end', 'error', 'close']) this.socket.off(name, done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(timeoutMs, 0));
      for (const name of ['data', 'end', 'error', 'close']) this.socket.once(name, done);
    });
  }
}

/** A response as a test reads it. */
export class Answer {
  readonly message: ResponseMessage;

  constructor(message: ResponseMessage) {
    this.message = message;
  }

  get status(): number {
    return this.message.status;
  }

  get text(): string {
    return this.message.body.toString('utf8');
  }

  /** A field's only value; null when there is none; fails when there are several. */
  header(name: string): string | null {
    const values = valuesOf(this.message.fields, name.toLowerCase());
    if (values.length > 1) throw new Error(`${values.length} × ${name}: ${values.join(' | ')}`);
    return values[0] ?? null;
  }

  /** The code of an RFC 9457 problem; null when this is none. */
  get problem(): string | null {
    if (this.header('content-type') !== 'application/problem+json') return null;
    const { code } = JSON.parse(this.text) as { code?: unknown };
    return typeof code === 'string' ? code : null;
  }
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly body?: string | Buffer;
  readonly timeoutMs?: number;
}

/** The bytes of a request; `line` is `METHOD TARGET`. */
export function requestBytes(line: string, options: CallOptions = {}): Buffer {
  const { headers = {}, host = 'gw.test', body } = options;
  const lines = [`${line} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, Buffer.from(body)]);
}

/** Sends on an open connection and reads the one answer. Rejects when there is no whole one. */
export async function callOn(
  client: RawClient,
  line: string,
  options: CallOptions = {},
): Promise<Answer> {
  const methods = [line.split(' ')[0] ?? ''];
  client.forget();
  client.send(requestBytes(line, options));
  const seen = await client.read(({ responses }) => responses.length > 0, {
    methods,
    timeoutMs: options.timeoutMs ?? CALL_TIMEOUT_MS,
  });
  const [response] = seen.responses;
  if (response === undefined) {
    const got = JSON.stringify(seen.bytes.toString('latin1').slice(0, 200));
    throw new Error(`no answer to ${line} (${seen.state}, closed: ${seen.closed}): ${got}`);
  }
  return new Answer(response);
}

/** One request on a connection of its own. */
export async function call(port: number, line: string, options: CallOptions = {}): Promise<Answer> {
  const client = await RawClient.open(port);
  try {
    return await callOn(client, line, options);
  } finally {
    client.close();
  }
}
