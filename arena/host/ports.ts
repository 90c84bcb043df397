/**
 * Free TCP ports on 127.0.0.1, picked below the range the kernel hands out to outgoing
 * connections, so that a port found free is still free when a gateway binds it.
 *
 * @module
 */

import { createServer } from 'node:net';

const LOWEST = 10_300;
const HIGHEST = 32_000;

function binds(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await binds(port)) return port;
  }
}
