/**
 * Which TLS a target really speaks, asked with Node's own client before anything is timed: the
 * version, suite, group and certificate that are compared, and a session that resumes.
 *
 * @module
 */

import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

import { CALLER } from './stage.ts';
import type { Target } from './targets.ts';

export type Version = '1.3' | '1.2';

/** What the client offers, by version; it offers nothing else. */
const SUITES = { '1.3': 'TLS_AES_128_GCM_SHA256', '1.2': 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;
const GROUP = 'X25519';
/** With TLS 1.2 the certificate's curve must be offered, too. */
const GROUPS = `${GROUP}:P-256`;
const CURVE = 'prime256v1';
const TIMEOUT_MS = 5000;

interface Session {
  readonly description: string;
  readonly reused: boolean;
  /** The newest ticket, if one came before the answer had. */
  readonly ticket: Buffer | undefined;
}

/** One handshake with one request, until the target has closed. */
async function talk({ port, certificate }: Target, options: ConnectionOptions): Promise<Session> {
  const host = '127.0.0.1';
  const socket = connect({ host, port, ca: certificate, servername: 'localhost', ...options });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')));
  let ticket: Buffer | undefined;
  socket.on('session', (session: Buffer) => {
    ticket = session;
  });
  await once(socket, 'secureConnect');
  const { description, reused } = {
    description: describe(socket),
    reused: socket.isSessionReused(),
  };
  const fields = `host: localhost\r\nx-api-key: ${CALLER.key}\r\nconnection: close\r\n`;
  socket.write(`GET /api/small HTTP/1.1\r\n${fields}\r\n`);
  await once(socket.resume(), 'close');
  return { description, reused, ticket };
}

function describe(socket: TLSSocket): string {
  const { name } = socket.getCipher();
  const { asn1Curve = 'no curve' } = socket.getPeerCertificate();
  const key = socket.getEphemeralKeyInfo();
  const group = key !== null && 'name' in key ? key.name : 'unknown group';
  return `${socket.getProtocol()} ${name} ${group}, certificate on ${asn1Curve}`;
}

/** What is spoken, in words. Throws when a target speaks otherwise, or does not resume. */
export async function sessionOf(target: Target, version: Version): Promise<string> {
  const protocol = `TLSv${version}` as const;
  const offer: ConnectionOptions = {
    minVersion: protocol,
    maxVersion: protocol,
    ciphers: SUITES[version],
    ecdhCurve: GROUPS,
  };
  const first = await talk(target, offer);
  const expected = `${protocol} ${SUITES[version]} ${GROUP}, certificate on ${CURVE}`;
  const { description, reused, ticket } = first;
  const wrong = (what: string): Error => new Error(`${target.name}, TLS ${version}: ${what}`);
  if (description !== expected) throw wrong(`${description}, not ${expected}`);
  if (reused) throw wrong('a first handshake is no full one');
  if (ticket === undefined) throw wrong('there is no ticket');
  const { reused: resumed } = await talk(target, { ...offer, session: ticket });
  if (!resumed) throw wrong('a session is not resumed');
  return description;
}
