/**
 * The upstream of the attacks, as a program: `node tarpit.js PORT`.
 *
 * `/tarpit/silent` never answers, `/tarpit/trickle` sends a byte every 100 ms, `/tarpit/big` is
 * 64 MiB, and anything else is answered once the request's body is there.
 *
 * @module
 */

import { createServer, type ServerResponse } from 'node:http';

const TRICKLE_MS = 100;
const TRICKLE_BYTES = 1_000_000;
const BLOCK = Buffer.alloc(65_536, 'x');
const BIG_BLOCKS = 1024;

const trickling = new Set<ServerResponse>();
setInterval(() => {
  for (const response of trickling) response.write('t');
}, TRICKLE_MS);

/** Sends the rest of the big body as fast as it is taken. */
function pour(response: ServerResponse, blocks: number): void {
  for (let left = blocks; left > 0; left -= 1) {
    if (!response.write(BLOCK)) {
      response.once('drain', () => pour(response, left - 1));
      return;
    }
  }
  response.end();
}

const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  request.resume();
  request.on('error', () => {});
  response.on('error', () => {});
  if (request.url === '/tarpit/silent') return;
  if (request.url === '/tarpit/trickle') {
    response.writeHead(200, { 'content-length': TRICKLE_BYTES });
    trickling.add(response);
    response.once('close', () => trickling.delete(response));
  } else if (request.url === '/tarpit/big') {
    response.writeHead(200, { 'content-length': BIG_BLOCKS * BLOCK.length });
    pour(response, BIG_BLOCKS);
  } else {
    request.once('end', () => response.end('ok'));
  }
});
server.listen(Number(process.argv[2]), '127.0.0.1', 4096);
