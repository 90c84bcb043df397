/**
 * A small upstream for the tests of targets and probe, with the paths of the arena's own.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const BODY_MAX_BYTES = 1_048_576;
/** Source: RFC 6455 §1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

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
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    upgraded.add(socket);
    upgrade(request, socket);
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
        for (const socket of upgraded) socket.destroy();
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
  } else if (path.endsWith('/sse')) {
    response.setHeader('content-type', 'text/event-stream');
    // And no end: what is in between has to pass it on as it comes.
    response.write('data: first\n\n');
  } else {
    response.statusCode = 404;
    response.end();
  }
}

/** Switches protocols and sends back what short frames say, each in a piece of its own. */
function upgrade(request: IncomingMessage, socket: Duplex): void {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64');
  const fields = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`);
  socket.on('error', () => socket.destroy());
  socket.on('data', (frame: Buffer) => socket.write(echoed(frame)));
}

/** A masked frame of at most 125 bytes, unmasked. Source: RFC 6455 §5.2, §5.3. */
function echoed(frame: Buffer): Buffer {
  const length = (frame[1] ?? 0) & 0x7f;
  const mask = frame.subarray(2, 6);
  const payload = frame.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([frame[0] ?? 0, length]), payload]);
}

function seenJson(request: IncomingMessage, connectionRequests: number, bodyBytes: number): string {
  const { rawHeaders, method, url } = request;
  const headers: string[][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) headers.push(rawHeaders.slice(at, at + 2));
  return JSON.stringify({ method, path: url, headers, connectionRequests, bodyBytes });
}
