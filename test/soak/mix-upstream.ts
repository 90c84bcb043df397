/**
 * The upstream of the mix-up test, on node's own HTTP server: checks that each body belongs to
 * its request, and answers as the target asks.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { sleep } from '../../arena/host/wait.ts';
import { PatternCheck, patternOf } from './pattern.ts';

export class MixUpstream {
  /** Requests whose body, header and path disagree. */
  readonly mixups: string[] = [];
  /** How often each open request arrived; the client takes its entry off when it is done. */
  readonly arrivals = new Map<number, number>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static start(): Promise<MixUpstream> {
    const upstream = new MixUpstream();
    return new Promise((resolve) => {
      upstream.#server.unref().listen(0, '127.0.0.1', () => resolve(upstream));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://upstream');
    const id = Number(url.pathname.split('/')[2]);
    this.arrivals.set(id, (this.arrivals.get(id) ?? 0) + 1);

    const check = new PatternCheck(id);
    for await (const chunk of request) check.take(chunk as Buffer);
    const declared = request.headers['x-mix-bytes'];
    const isWhole = declared === undefined || Number(declared) === check.bytes;
    if (!check.matches || !isWhole || request.headers['x-mix-id'] !== String(id)) {
      this.mixups.push(
        `request ${id}: ${String(request.headers['x-mix-id'])}, ${check.bytes} bytes`,
      );
    }

    const delayMs = Number(url.searchParams.get('delay'));
    if (delayMs > 0) await sleep(delayMs);
    this.#answer(id, url.searchParams, response);
  }

  #answer(id: number, query: URLSearchParams, response: ServerResponse): void {
    const fate = query.get('fate');
    const size = Number(query.get('size'));
    if (fate === 'reset-early') {
      response.socket?.resetAndDestroy();
      return;
    }
    const length = query.get('chunked') === '1' ? {} : { 'content-length': size };
    response.writeHead(200, { 'x-mix-id': id, ...length });
    const body = patternOf(id, size);
    if (fate === 'reset-late') {
      response.write(body.subarray(0, size >> 1), () => response.socket?.resetAndDestroy());
    } else {
      response.end(body);
    }
  }
}
