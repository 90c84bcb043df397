/**
 * Policies: where their rules come from, how they are evaluated, and which routes ask them.
 *
 * Whether a bundle or a Rego file can be compiled is said when the gateway starts; what is checked
 * here needs no file.
 *
 * @module
 */

import * as z from 'zod';

import { duration, Name, whole } from './fields.ts';

/** What an address of another server has to be. */
export const HTTP_URL_EXPECTED =
  'expected http:// or https://, a host, and no user, password or fragment';

const FilePath = z.string().min(1).max(4096);

const HttpUrl = z.string().max(2048).refine(isHttpUrl, HTTP_URL_EXPECTED);

const Verification = z
  .strictObject({
    keyFile: FilePath.describe('Public key in PEM (SPKI).'),
    algorithm: z.enum(['RS256', 'ES256']).default('RS256').describe('Algorithm of the signature.'),
    keyId: z
      .string()
      .min(1)
      .max(256)
      .nullable()
      .default(null)
      .describe('What the signature has to name as its key; without it, anything.'),
    scope: z
      .string()
      .min(1)
      .max(256)
      .nullable()
      .default(null)
      .describe('What the signature has to name as its scope; without it, anything.'),
  })
  .describe('The bundle has to be signed: `.signatures.json`, as `opa sign` writes it.');

const BundleServer = z
  .strictObject({
    url: HttpUrl.describe('Where the bundle is.'),
    pollMs: duration()
      .min(1000)
      .default(30_000)
      .describe('Pause between two questions for a new one; up to a fifth more, at random.'),
    timeoutMs: duration().default(10_000).describe('Longest download.'),
    bodyMaxBytes: whole(1024, 268_435_456)
      .default(16_777_216)
      .describe('Largest bundle, as it is sent; unpacked, at most eight times as much.'),
    verification: Verification.nullable().default(null),
  })
  .describe('An HTTP bundle server; asked with `If-None-Match`.');

const RegoSources = z
  .strictObject({
    files: z.array(FilePath).min(1).max(256).describe('Rego files.'),
    data: z.array(FilePath).max(64).default([]).describe('JSON files, merged into `data`.'),
  })
  .describe('Rego files, evaluated by the gateway’s own interpreter.');

const SOURCES = ['file', 'folder', 'bundle', 'opa', 'rego'] as const;

const Source = z
  .strictObject({
    file: FilePath.nullable()
      .default(null)
      .describe('A bundle with WebAssembly in it: `opa build -t wasm`.'),
    folder: FilePath.nullable().default(null).describe('The same, unpacked.'),
    bundle: BundleServer.nullable().default(null),
    opa: z
      .strictObject({ url: HttpUrl.describe('Where OPA is, without `/v1/data`.') })
      .nullable()
      .default(null)
      .describe('A running OPA, asked by its Data API.'),
    rego: RegoSources.nullable().default(null),
  })
  .refine(
    (source) => SOURCES.filter((kind) => source[kind] !== null).length === 1,
    `needs exactly one of ${SOURCES.join(', ')}`,
  )
  .describe('Where the rules come from: exactly one of these.');

const Member = z
  .string()
  .max(256)
  .regex(/^[a-z]\w*(?:\.[^.\s]+)*$/i, 'a member of input is a path such as request.method');

const Cache = z
  .strictObject({
    dependsOn: z
      .array(Member)
      .min(1)
      .max(32)
      .describe(
        'Members of `input`, such as `tenant` or `claims.scope`: the policy sees these and no others.',
      ),
    ttlMs: whole(1, 3_600_000)
      .default(10_000)
      .describe(
        'How long a decision is used again, where rules also look at the time or elsewhere.',
      ),
    entriesMax: whole(1, 1_000_000)
      .default(10_000)
      .describe('Most decisions kept, in each worker; the one not used for longest goes.'),
    bytesMax: whole(65_536, 1_073_741_824)
      .default(16_777_216)
      .describe('Most memory of them, keys included, in each worker; about.'),
  })
  .describe('Decisions are used again for requests that are the same in what they depend on.');

const OnFailure = z.enum(['deny', 'allow']);

export const Policy = z
  .strictObject({
    source: Source,
    entrypoint: z
      .string()
      .max(512)
      .regex(/^[A-Za-z_]\w*(?:\/[A-Za-z_]\w*)+$/, 'an entrypoint is a path such as authz/decision')
      .default('stoa/authz/decision')
      .describe('The rule that is asked for: its package and its name, with slashes.'),
    evaluate: z
      .enum(['auto', 'inline', 'pooled'])
      .default('auto')
      .describe(
        'Where it is evaluated: `pooled` in threads, `inline` in the worker’s own, `auto` where its measured cost says; not used with `opa`.',
      ),
    cache: Cache.nullable().default(null),
    timeoutMs: whole(1, 60_000)
      .default(100)
      .describe('Longest evaluation; a thread that takes longer is ended and replaced.'),
    onFailure: OnFailure.default('deny').describe(
      'What an error, a timeout or a full queue means; a route may say otherwise.',
    ),
    dryRun: z
      .boolean()
      .default(false)
      .describe('Deny nobody; the decision log says who would have been denied.'),
    threads: whole(1, 16)
      .default(1)
      .describe('Threads that evaluate it, in each worker; not used with `opa`.'),
    queueMax: whole(0, 65_536)
      .default(256)
      .describe('Most evaluations that wait for a thread or for OPA; more fail at once.'),
    memoryMaxBytes: whole(8_388_608, 2_147_483_648)
      .default(67_108_864)
      .describe('Most memory of one thread’s policy, and of its heap; not used with `opa`.'),
  })
  .describe('A policy.');

/** As a route names it. */
export const RoutePolicy = z
  .union([
    Name.transform((name) => ({ name, onFailure: null, dryRun: null, bodyMaxBytes: 0 })),
    z.strictObject({
      name: Name.describe('Name of the policy.'),
      onFailure: OnFailure.nullable()
        .default(null)
        .describe('What a failure means on this route; without it, what the policy says.'),
      dryRun: z
        .boolean()
        .nullable()
        .default(null)
        .describe('Deny nobody on this route; without it, what the policy says.'),
      bodyMaxBytes: whole(0, 65_536)
        .default(0)
        .describe('The policy sees bodies up to this size; 0 shows it none.'),
    }),
  ])
  .describe('Name of the policy that is asked, or a mapping.');

export function isHttpUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  );
}
