/**
 * What concerns the process as a whole: sockets, maxima, logs, how it ends.
 *
 * @module
 */

import * as z from 'zod';

import { isNetwork } from '../address.ts';
import { AddressText, duration, HeaderName, whole } from './fields.ts';

const MAX_BYTES = 1_099_511_627_776;

export const Admin = z
  .union([
    z.literal('off'),
    z.strictObject({
      address: AddressText.default('127.0.0.1:9901').describe(
        'Where to serve it, `host:port`. Not for the public: health and metrics ask nobody for a key.',
      ),
      tokenFile: z
        .string()
        .min(1)
        .max(4096)
        .nullable()
        .default(null)
        .describe(
          'File with the token, of 32 to 1024 visible characters, that whoever revokes must send; needed where `address` is not of this machine alone.',
        ),
    }),
  ])
  .transform((admin) => (admin === 'off' ? null : admin))
  .describe(
    '`/health/live`, `/health/ready`, `/metrics` and `/revocations`; `off` serves them nowhere.',
  );

export const Revocations = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .max(4096)
      .default('revocations.jsonl')
      .describe(
        'Where they are kept, relative to the configuration’s folder; made by the first one.',
      ),
    max: whole(1, 262_144).default(65_536).describe('Most at once; one more is refused.'),
  })
  .describe('Keys, tokens, consumers and tenants that are revoked while the gateway runs.');

export const Limits = z
  .strictObject({
    targetMaxBytes: whole(64, 65_536)
      .default(8192)
      .describe('Longest request target (path and query); longer is 414.'),
    headMaxBytes: whole(1024, 262_144)
      .default(32_768)
      .describe(
        'Longest request line and headers together, and longest response head; longer is 431 or 502.',
      ),
    headersMax: whole(1, 98)
      .default(96)
      .describe('Most headers in a request; more is 431. The front itself takes 98.'),
    bodyMaxBytes: whole(0, MAX_BYTES)
      .default(1_073_741_824)
      .describe('Largest request body; larger is 413. A route may set its own.'),
    exchangesMax: whole(1, 65_536)
      .default(16_384)
      .describe('Most requests in flight in one worker; more is 503.'),
    rateLimitKeysMax: whole(1024, 16_777_216)
      .default(65_536)
      .describe('Most addresses and header values whose rate is remembered, all workers together.'),
    bodyIdleMs: duration()
      .max(9000)
      .default(8000)
      .describe('Longest pause inside a request body; longer is 408.'),
    decisionMs: duration()
      .max(9000)
      .default(5000)
      .describe('Longest wait for a token to be verified, and for a policy; longer is 504.'),
  })
  .describe('What a request may be, and how many there may be.');

export const Paths = z
  .strictObject({
    encodedSlashes: z
      .enum(['reject', 'keep'])
      .default('reject')
      .describe('What happens to `%2F` and `%5C` in a path: 400, or left encoded.'),
  })
  .describe('How paths are normalised before anything is matched.');

export const Forwarded = z
  .strictObject({
    style: z
      .enum(['x-forwarded', 'forwarded', 'both', 'none'])
      .default('x-forwarded')
      .describe('Which headers tell the upstream where a request came from.'),
    trustedProxies: z
      .array(
        z
          .string()
          .refine(isNetwork, 'not an address or network; expected the form 10.0.0.0/8')
          .describe('An address or a network, such as `10.0.0.0/8`.'),
      )
      .max(1024)
      .default([])
      .describe('Peers whose own forwarding headers are believed.'),
  })
  .describe('The forwarding headers upstreams see.');

export const RequestId = z
  .strictObject({
    header: HeaderName.default('x-request-id')
      .transform((name) => name.toLowerCase())
      .describe('Header that carries the identifier, to the upstream and back.'),
    accept: z
      .enum(['always', 'trusted', 'never'])
      .default('trusted')
      .describe('Whose identifier is kept: anybody’s, a trusted proxy’s or nobody’s.'),
  })
  .describe('How requests are named.');

export const AccessLog = z
  .strictObject({
    output: z
      .string()
      .min(1)
      .max(4096)
      .default('off')
      .describe('`off`, `stdout`, `stderr`, or a file, relative to the configuration’s folder.'),
  })
  .describe('One JSON line a request; queries and keys are never in it.');

export const DecisionLog = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(4096)
      .nullable()
      .default(null)
      .describe('File to append to, relative to the configuration’s folder; without it, no log.'),
  })
  .describe('One JSON line for each decision of a policy; what callers send is masked.');

export const Drain = z
  .strictObject({
    deadlineMs: whole(0, 3_600_000)
      .default(30_000)
      .describe('After SIGTERM, how long open requests may take to finish.'),
  })
  .describe('How the gateway ends.');

export const Supervision = z
  .strictObject({
    stallMs: duration()
      .min(500)
      .default(10_000)
      .describe('A worker that does nothing for this long is replaced.'),
  })
  .describe('How workers are watched.');
