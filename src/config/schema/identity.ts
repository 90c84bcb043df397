/**
 * Identity: who may issue tokens, how their keys are kept, and what a route asks of a token.
 *
 * Nothing here is a secret: keys are public, and what else an issuer must be told stands in files.
 * Source: RFC 7519 (claims), RFC 7517 (key sets), RFC 9449 (DPoP), RFC 8705 §3 (bound certificates).
 *
 * @module
 */

import * as z from 'zod';

import { documentUrlProblem } from '../address.ts';
import { duration, HeaderName, Name, optionalDuration, whole } from './fields.ts';

/** Source: RFC 7518 §3.1 and RFC 9864 §2.2, without `none` and what needs a shared secret. */
// biome-ignore format: a table is read by column.
const ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512',
  'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
] as const;

const Algorithm = z
  .enum(ALGORITHMS, { error: (issue) => algorithmProblem(issue.input) })
  .describe('A signature with a public key.');

const DocumentUrl = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const message = documentUrlProblem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

const Audience = z.string().min(1).max(1024);

const ClaimName = z
  .string()
  .min(1)
  .max(256)
  .describe('A claim; `a.b` is member `b` of claim `a` where no claim has the whole name.');

const ClaimNames = z
  .union([ClaimName.transform((name) => [name]), z.array(ClaimName).max(8)])
  .describe('A claim, or several of which the first that is there counts.');

const Keys = z
  .strictObject({
    refreshMs: duration().default(300_000).describe('How long fetched keys are taken as fresh.'),
    cooldownMs: optionalDuration()
      .default(30_000)
      .describe('Shortest time between two fetches, whatever key tokens name.'),
    staleMs: optionalDuration()
      .default(86_400_000)
      .describe('How much longer keys are used while the issuer can’t be reached; then 503.'),
    timeoutMs: duration().max(60_000).default(5000).describe('For one fetch.'),
  })
  .describe('How the keys of an issuer are kept.');

const Claims = z
  .strictObject({
    consumer: ClaimNames.default(['azp', 'client_id', 'sub']).describe('Who calls.'),
    tenant: ClaimNames.default(['tenant']).describe(
      'Whose it is; without it, the consumer’s name.',
    ),
    plan: ClaimNames.default(['plan']).describe('What it may use.'),
    scopes: ClaimNames.default(['scope', 'scp']).describe('Scopes: words in a text, or a list.'),
  })
  .describe(
    'Which claims say who calls: a name, or a list of which the first that is there counts.',
  );

const Introspection = z
  .strictObject({
    url: DocumentUrl.describe('Its introspection endpoint.'),
    clientId: z.string().min(1).max(256).describe('Who the gateway is there.'),
    clientSecretFile: z
      .string()
      .min(1)
      .max(4096)
      .describe('File with the secret of that client; a line break at its end does not count.'),
    cacheMs: optionalDuration()
      .default(30_000)
      .describe('How long an answer counts, and so how long a token that was withdrawn does.'),
    timeoutMs: duration().max(60_000).default(5000).describe('For one question; then 503.'),
  })
  .describe('Ask it about tokens that are opaque (RFC 7662).');

const Issuer = z
  .strictObject({
    issuer: DocumentUrl.describe('Its identifier, exactly as `iss` in its tokens has it.'),
    allowHttp: z
      .boolean()
      .default(false)
      .describe('Believe keys that came over plain http from another machine.'),
    jwksUrl: DocumentUrl.nullable()
      .default(null)
      .describe('Where its keys are; without it, its discovery document says so.'),
    jwksFile: z
      .string()
      .min(1)
      .max(4096)
      .nullable()
      .default(null)
      .describe('File with its keys, in place of fetching them.'),
    audiences: z
      .union([z.literal('any'), z.array(Audience).max(64)])
      .default([])
      .describe('Audiences that are meant for this gateway, for routes that name none.'),
    algorithms: z
      .array(Algorithm)
      .min(1, 'at least one algorithm is needed, or no token could ever be right')
      .max(ALGORITHMS.length)
      .default(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'])
      .describe('Signatures that are believed.'),
    types: z
      .array(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z/-]{1,128}$/, 'not a media type'))
      .min(1)
      .max(16)
      .default(['JWT', 'at+jwt'])
      .describe('What `typ` of a token may be; a token without it counts as `JWT`.'),
    clockSkewMs: whole(0, 600_000)
      .default(30_000)
      .describe('How far its clock may be from this one.'),
    keys: Keys.prefault({}),
    introspection: Introspection.nullable().default(null),
    claims: Claims.prefault({}),
  })
  .describe('Somebody whose tokens are believed.');

const Dpop = z
  .strictObject({
    iatWindowMs: whole(1000, 3_600_000)
      .default(60_000)
      .describe(
        'How far the time of a proof may be from now, and how long its `jti` is remembered.',
      ),
    replaysMax: whole(1000, 10_000_000)
      .default(100_000)
      .describe('Most proofs a worker remembers; more in that time are 503.'),
    nonce: z
      .boolean()
      .default(false)
      .describe(
        'Ask for a nonce of this worker, so that no worker takes what another one has seen.',
      ),
  })
  .describe('Proofs of possession (RFC 9449).');

const Basic = z
  .strictObject({
    rememberMs: whole(0, 3_600_000)
      .default(300_000)
      .describe('How long a worker knows a password that was right without hashing it again.'),
    concurrencyMax: whole(1, 4)
      .default(2)
      .describe('Passwords that a worker hashes at once, each with 64 MiB at most.'),
    pendingMax: whole(0, 1024).default(64).describe('Passwords that wait for it; more is 503.'),
  })
  .describe('How passwords are verified.');

export const Identity = z
  .strictObject({
    issuers: z.record(Name, Issuer).default({}).describe('Whose tokens are believed, by name.'),
    tokenMaxBytes: whole(256, 65_536).default(16_384).describe('Longest token; longer is 401.'),
    dpop: Dpop.prefault({}),
    basic: Basic.prefault({}),
  })
  .describe('Tokens and passwords of callers.');

const ClaimValue = z.union([z.string().max(1024), z.number(), z.boolean()]);

/** What a route asks of a token. `issuers` is filled in later: none named is all of them. */
export const JwtAuth = z
  .strictObject({
    issuers: z
      .array(Name)
      .max(64)
      .default([])
      .describe('Names of issuers that are believed here; none is all of `identity.issuers`.'),
    audiences: z
      .array(Audience)
      .max(64)
      .default([])
      .describe('`aud` must have one of these; none is those of the issuer.'),
    scopes: z
      .array(
        z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'a scope has no spaces or quotes'),
      )
      .max(64)
      .default([])
      .describe('Scopes that a token must have, all of them; else 403.'),
    claims: z
      .record(
        ClaimName,
        z.union([
          ClaimValue.transform((value) => [value]),
          z.array(ClaimValue).min(1, 'at least one value is needed').max(64),
        ]),
      )
      .default({})
      .describe('Claims that a token must have, with a value or one of a list; else 403.'),
    headers: z
      .record(
        HeaderName.refine((name) => !isFraming(name), 'the gateway itself sets this header'),
        ClaimName,
      )
      .default({})
      .transform((headers) =>
        Object.fromEntries(
          Object.entries(headers).map(([name, claim]) => [name.toLowerCase(), claim]),
        ),
      )
      .describe('Headers for the upstream and the claims they hold; callers can’t send them.'),
    forwardToken: z.boolean().default(false).describe('Let the upstream see the token.'),
    bound: z
      .enum(['none', 'certificate', 'dpop'])
      .default('none')
      .describe('What a token must be bound to. A token that is bound is held to it in any case.'),
    resourceMetadata: DocumentUrl.nullable()
      .default(null)
      .describe('URL of the resource’s metadata (RFC 9728), told to those who are refused.'),
  })
  .describe('By a token: `Authorization: Bearer` or `DPoP`.');

function algorithmProblem(input: unknown): string | undefined {
  if (typeof input !== 'string') return undefined;
  if (/^none$/i.test(input)) return 'tokens without a signature are never believed';
  return /^hs\d+$/i.test(input)
    ? 'not with a shared secret: whoever can check a token could make one; use a public-key algorithm'
    : undefined;
}

/** Fields that say where a message ends or whose it is. */
function isFraming(name: string): boolean {
  return /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|authorization|dpop)$/i.test(
    name,
  );
}
