/**
 * The scripted exchange: one connection, one request at a time, always the same bytes, and an
 * upstream that answers always the same, so that what is counted does not depend on timing.
 *
 * @module
 */

import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';

import { CALLER } from '../../../arena/tiers/tiers.ts';
import type { Address } from '../side.ts';

const HOST = '127.0.0.1';
/** For all requests of one call. */
const SEND_TIMEOUT_MS = 120_000;

const BODY = Buffer.alloc(138, 'x');
const HEAD_END = Buffer.from('\r\n\r\n');

const REQUEST = [
  'GET /api/small HTTP/1.1',
  'host: gate.test',
  `x-api-key: ${CALLER.key}`,
  'accept: application/json',
  'accept-encoding: gzip',
  'user-agent: gate',
  'x-debug: 1',
  '\r\n',
].join('\r\n');

/** Answers every request with the same body, in one piece, on any free port. */
export function serveScript(): Promise<{ server: Server; address: Address }> {
  const headers = { 'content-type': 'application/json', 'content-length': BODY.length };
  const server = createServer((_, response) => response.writeHead(200, headers).end(BODY));
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      resolve({ server, address: { host: HOST, port } });
    });
  });
}

/**
 * Sends `count` requests, each when the answer to the one before is complete. Rejects when an
 * answer is not 200 with the whole body, or the connection ends.
 */
export function sendScript({ host, port }: Address, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const timer = setTimeout(() => fail('no answer in time'), SEND_TIMEOUT_MS);
    let received: Buffer = Buffer.alloc(0);
    let left = count;
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(`after ${count - left} of ${count} requests: ${why}`));
    };
    const next = (): void => {
      if (left > 0) {
        socket.write(REQUEST);
        return;
      }
      clearTimeout(timer);
      socket.removeAllListeners('close');
      socket.once('close', () => resolve());
      socket.end();
    };
    socket.once('connect', next);
    socket.once('error', (error) => fail(error.message));
    socket.once('close', () => fail('the connection ended'));
    socket.on('data', (bytes) => {
      received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
      const head = received.indexOf(HEAD_END);
      if (head < 0 || received.length < head + HEAD_END.length + BODY.length) return;
      const status = received.toString('latin1', 9, 12);
      if (status !== '200') return fail(`the answer is a ${status}`);
      received = Buffer.alloc(0);
      left -= 1;
      next();
    });
  });
}
