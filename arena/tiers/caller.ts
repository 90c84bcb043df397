/**
 * The client of the probe: one kept-alive connection, whole answers.
 *
 * Bounds: 5 seconds for an answer, 1 MiB of body.
 *
 * @module
 */

import { Agent, type IncomingHttpHeaders, request } from 'node:http';

const ANSWER_TIMEOUT_MS = 5000;
const BODY_MAX_BYTES = 1_048_576;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Whether the connection had served a request before. */
  readonly reused: boolean;
}

export interface Call {
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Sends the body in chunks, without telling its length before. */
  readonly chunked?: boolean;
}

export class Caller {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(address: { readonly host: string; readonly port: number }) {
    this.#address = address;
  }

  /** Rejects when there is no whole answer. Repeats what met the end of an idle connection, once. */
  async call(call: Call): Promise<Answer> {
    try {
      return await this.#send(call);
    } catch (error) {
      if (!(error instanceof BrokenReuse)) throw error;
      return await this.#send(call);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send({ path, method = 'GET', headers = {}, body, chunked = false }: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const length = body && !chunked ? { 'content-length': `${body.length}` } : {};
      const sent = request({
        host: this.#address.host,
        port: this.#address.port,
        agent: this.#agent,
        timeout: ANSWER_TIMEOUT_MS,
        method,
        path,
        headers: { ...headers, ...length },
      });
      const fail = (cause: Error): void => {
        const isStale = sent.reusedSocket && 'code' in cause && cause.code === 'ECONNRESET';
        const message = `${method} ${path}: ${cause.message}`;
        reject(isStale ? new BrokenReuse(message, { cause }) : new Error(message, { cause }));
      };
      sent.once('timeout', () => sent.destroy(new Error(`no answer in ${ANSWER_TIMEOUT_MS} ms`)));
      sent.once('error', fail);
      sent.once('response', (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on('data', (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > BODY_MAX_BYTES) sent.destroy(new Error('the body does not end'));
          else pieces.push(piece);
        });
        response.once('error', fail);
        response.once('end', () => {
          const { statusCode: status = 0, headers: fields } = response;
          resolve({
            status,
            headers: fields,
            body: Buffer.concat(pieces),
            reused: sent.reusedSocket,
          });
        });
      });
      sent.end(body);
    });
  }
}

/** A connection was closed while a request was on its way, as any idle one may be. */
class BrokenReuse extends Error {}
