/**
 * Makes sure, before a worker is forked, that the gateway's ports are its own.
 *
 * Workers share a port with SO_REUSEPORT, which would also share it silently with a stranger of
 * the same user: an exclusive bind finds one. The port is free again when this resolves, so a
 * process that takes it in between makes the workers fail to listen, which they report.
 *
 * @module
 */

import { createServer, type Server } from 'node:net';

import { type Address, formatAddress } from '../config/address.ts';
import { GatewayError } from '../errors.ts';

/**
 * The same addresses with names resolved and every port 0 replaced by a free one; no two get the
 * same port.
 * Rejects with `address_in_use`, naming the address, when one can't be bound.
 */
export async function reservePorts(addresses: readonly Address[]): Promise<Address[]> {
  const held: Server[] = [];
  const reserved: Address[] = [];
  try {
    for (const address of addresses) {
      // One after the other, all held until the last: an address listed twice is found.
      // oxlint-disable-next-line no-await-in-loop
      const server = await bind(address);
      held.push(server);
      reserved.push(boundAddress(server));
    }
  } finally {
    await Promise.all(held.map(release));
  }
  return reserved;
}

function bind(address: Address): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (cause) => {
      reject(bindFailure(address, cause));
    });
    server.listen({ ...address, exclusive: true }, () => resolve(server));
  });
}

function boundAddress(server: Server): Address {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('not a TCP server');
  return { host: address.address, port: address.port };
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** Says, to the person who starts the gateway, why an address can't be bound. */
export function bindFailure(address: Address, cause: unknown): GatewayError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = REASONS.get(code) ?? "can't be bound";
  return new GatewayError('address_in_use', `${formatAddress(address)} ${why}`, { cause });
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is in use by another process, or listed twice'],
  ['EADDRNOTAVAIL', 'is not an address of this machine'],
  ['EACCES', 'needs a privilege that this process lacks (ports below 1024)'],
  ['ENOTFOUND', 'has a name that does not resolve'],
]);
