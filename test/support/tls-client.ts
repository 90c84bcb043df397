/**
 * Clients over TLS: node's own, which is OpenSSL's, so that the gateway's is not tested with itself.
 *
 * @module
 */

import { connect, type ConnectionOptions, type TLSSocket, type TLSSocketOptions } from 'node:tls';

import type { Pki } from './pki.ts';
import { type Answer, callOn, type CallOptions, RawClient, requestBytes } from './raw-client.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** What OpenSSL puts before an alert's name; it differs by version of OpenSSL. */
const ALERT = /^ERR_SSL_(?:SSLV3_|TLSV1_|SSL\/TLS_)?(?:ALERT_)?/;

/** How a client connects that believes the test's authority and asks for gw.test. */
export function trusting(pki: Pki, more: ConnectionOptions = {}): ConnectionOptions {
  return { ca: pki.read('ca.crt'), servername: 'gw.test', ...more };
}

/** A client with this certificate. */
export function showing(pki: Pki, name: string, more: ConnectionOptions = {}): ConnectionOptions {
  return trusting(pki, { ...pki.identity(name), ...more });
}

/**
 * Resolves when the client's handshake is over; with TLS 1.3 the server may still refuse then.
 * `stapled` gets the OCSP response, empty when there is none, of a client that asks for one.
 */
export function connectTls(
  port: number,
  options: ConnectionOptions & Pick<TLSSocketOptions, 'requestOCSP'>,
  stapled: (response: Buffer) => void = () => undefined,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    socket.once('OCSPResponse', (response: Buffer | null) => stapled(response ?? Buffer.alloc(0)));
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error('no handshake in time')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed in the handshake')));
    socket.once('secureConnect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export async function openTls(port: number, options: ConnectionOptions): Promise<RawClient> {
  return RawClient.on(await connectTls(port, options));
}

/** One request on a connection of its own. */
export async function callTls(
  port: number,
  line: string,
  connection: ConnectionOptions,
  options: CallOptions = {},
): Promise<Answer> {
  const client = await openTls(port, connection);
  try {
    return await callOn(client, line, options);
  } finally {
    client.close();
  }
}

/**
 * What becomes of a connection on which something is asked: `answered`, or the alert by its name
 * (`UNKNOWN_CA`), or `closed` without one.
 */
export function outcome(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    const end = (what: string) => {
      socket.destroy();
      resolve(what);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => end('nothing'));
    socket.on('secureConnect', () => socket.write(requestBytes('GET /')));
    socket.on('data', () => end('answered'));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => end(code.replace(ALERT, '')));
    socket.on('close', () => end('closed'));
  });
}
