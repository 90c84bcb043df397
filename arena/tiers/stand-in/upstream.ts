/**
 * A small upstream for the tests of targets and probe, with the paths of the arena's own.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const BODY_MAX_BYTES = 1_048_576;

export interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const requestsOf = new WeakMap<Socket, number>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const count = (requestsOf.get(request.socket) ?? 0) + 1;
    requestsOf.set(request.socket, count);
    void bodyOf(request).then((body) => answer(request, response, { body, count }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    host: '127.0.0.1',
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > BODY_MAX_BYTES) request.destroy();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { body, count }: { readonly body: Buffer; readonly count: number },
): void {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const [, bytes] = /\/bytes\/(\d+)$/.exec(path) ?? [];
  if (bytes !== undefined) {
    response.end(Buffer.alloc(Math.min(Number(bytes), BODY_MAX_BYTES), 'x'));
  } else if (path.endsWith('/echo')) {
    response.end(body);
  } else if (path.endsWith('/probe')) {
    response.setHeader('content-type', 'application/json');
    response.end(seenJson(request, count, body.length));
  } else {
    response.statusCode = 404;
    response.end();
  }
}

function seenJson(request: IncomingMessage, connectionRequests: number, bodyBytes: number): string {
  const { rawHeaders, method, url } = request;
  const headers: string[][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) headers.push(rawHeaders.slice(at, at + 2));
  return JSON.stringify({ method, path: url, headers, connectionRequests, bodyBytes });
}
