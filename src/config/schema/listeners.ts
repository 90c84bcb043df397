/**
 * Listeners: where connections come in, and what they may do.
 *
 * @module
 */

import * as z from 'zod';

import { isNetwork } from '../address.ts';
import { AddressText, duration, whole } from './fields.ts';

const Connections = z
  .strictObject({
    max: whole(1, 65_535)
      .default(20_000)
      .describe('Most open connections in one worker; further ones are closed at once.'),
    perAddressMax: whole(1, 65_535)
      .default(65_535)
      .describe('Most open connections from one address in one worker.'),
    headMs: duration()
      .default(10_000)
      .describe('Longest time from the first byte of a request to the end of its head; then 408.'),
    idleMs: duration()
      .default(60_000)
      .describe('Longest time between two requests; then the connection is closed.'),
    sendIdleMs: duration()
      .default(30_000)
      .describe('Longest time in which a client takes nothing of its response.'),
    bodyBytesPerSecondMin: whole(0, 1_073_741_824)
      .default(64)
      .describe('Slowest pace of a request body after its first 10 s; slower is 408. 0 is any.'),
  })
  .describe('Bounds of the connections; the native front only.');

const FileName = z.string().min(1).max(4096);

const Certificate = z
  .strictObject({
    cert: FileName.describe('File with the certificate and those that lead to a root, PEM.'),
    key: FileName.describe('File with its private key, PEM; nobody else may read it.'),
    ocsp: FileName.nullable()
      .default(null)
      .describe('File with an OCSP response to staple, DER; replaced and reloaded by you.'),
  })
  .describe('A certificate; names are taken from it.');

const Revocation = z
  .strictObject({
    leafOnly: z.boolean().default(false).describe('Authorities in between are not looked up.'),
    acceptUnknown: z
      .boolean()
      .default(false)
      .describe('A certificate about whose authority no list says anything is accepted.'),
    acceptExpired: z.boolean().default(false).describe('A list past its date still counts.'),
  })
  .describe('Where revocation is less strict.');

const ClientAuth = z
  .strictObject({
    mode: z
      .enum(['off', 'optional', 'required'])
      .default('off')
      .describe(
        'Whether clients show certificates. One that is shown and not believed is refused in any case.',
      ),
    ca: z
      .array(FileName.describe('PEM file.'))
      .max(64)
      .default([])
      .describe('Files with the authorities whose certificates are believed.'),
    crl: z
      .array(FileName.describe('PEM or DER file.'))
      .max(64)
      .default([])
      .describe('Files with revocation lists; with none, nothing is looked up.'),
    intermediatesMax: whole(0, 6)
      .default(3)
      .describe('Most certificates between a client’s and an authority’s.'),
    revocation: Revocation.prefault({}),
    forward: z
      .boolean()
      .default(true)
      .describe('Tell upstreams of the certificate, by `X-Forwarded-Client-Cert`.'),
  })
  .refine(({ mode, ca }) => mode === 'off' || ca.length > 0, {
    path: ['ca'],
    message: 'whose certificates are believed? Name at least one file',
  })
  .describe('Certificates of clients (mTLS).');

const Tls = z
  .strictObject({
    certificates: z
      .array(Certificate)
      .min(1)
      .max(256)
      .describe('What is shown, by the name a client asks for; the first where none fits.'),
    minVersion: z.enum(['1.2', '1.3']).default('1.2').describe('Oldest version of TLS.'),
    strictSni: z
      .boolean()
      .default(false)
      .describe('Refuse clients that ask for a name no certificate is for, or for none.'),
    ticketRotationS: whole(60, 302_400)
      .default(21_600)
      .describe('Seconds after which session tickets get a new key; they live up to twice that.'),
    allowReadableKeys: z
      .boolean()
      .default(false)
      .describe('Take private keys from files that everybody on the machine may read.'),
    clientAuth: ClientAuth.prefault({}),
  })
  .describe('TLS 1.2 and 1.3; the native front only.');

const ProxyProtocol = z
  .strictObject({
    from: z
      .array(
        z
          .string()
          .refine(isNetwork, 'not an address or network; expected the form 10.0.0.0/8')
          .describe('An address or a network.'),
      )
      .min(1)
      .max(1024)
      .describe('Who sends it. Nobody else may connect.'),
  })
  .describe('Connections begin with a PROXY preamble, version 1 or 2; the native front only.');

/** What only the native front has, and why the other one has not. */
const NATIVE_ONLY = {
  connections: 'uWebSockets.js has bounds of its own; these need "front: native"',
  tls: 'TLS is the native front’s; leave front out, or say "front: native"',
  proxyProtocol: 'uWebSockets.js would not see the address; this needs "front: native"',
} as const;

export const Listener = z
  .strictObject({
    address: AddressText.default('127.0.0.1:8080').describe(
      'Where to listen, `host:port`. `0.0.0.0` is every IPv4 address; port 0 picks a free one.',
    ),
    front: z
      .enum(['uws', 'native'])
      .optional()
      .describe(
        'What reads requests: `uws` is uWebSockets.js, `native` the front in Rust, which a listener with `tls` has. Default: `uws` without `tls`. See docs/fronts.md.',
      ),
    connections: Connections.optional(),
    tls: Tls.optional(),
    proxyProtocol: ProxyProtocol.optional(),
  })
  .superRefine((listener, context) => {
    if (frontOf(listener) === 'native') return;
    for (const key of ['connections', 'tls', 'proxyProtocol'] as const) {
      if (listener[key] === undefined) continue;
      context.addIssue({ code: 'custom', path: [key], message: NATIVE_ONLY[key] });
    }
  })
  .transform(({ address, connections, tls, proxyProtocol, front }) => {
    const chosen = frontOf({ front, tls });
    return {
      address,
      front: chosen,
      connections: chosen === 'native' ? (connections ?? Connections.parse({})) : null,
      tls: tls ?? null,
      proxyProtocol: proxyProtocol ?? null,
    };
  })
  .describe('A socket that accepts HTTP/1.1.');

function frontOf({ front, tls }: { front?: Front | undefined; tls?: unknown }): Front {
  return front ?? (tls === undefined ? 'uws' : 'native');
}

type Front = 'uws' | 'native';
