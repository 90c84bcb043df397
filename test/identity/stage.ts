/**
 * What the tests of tokens share: an issuer with keys of every kind, a model that believes it, and
 * tokens that are right but for what a test changes.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createHash, type KeyObject } from 'node:crypto';

import { parseConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import type { Model } from '../../src/config/schema.ts';
import {
  type Authentication,
  type Authenticator,
  openAuthenticator,
} from '../../src/identity/authenticate.ts';
import {
  base64url,
  compact,
  ecPair,
  edPair,
  type Jwk,
  publicJwk,
  rsaPair,
  TokenIssuer,
} from '../support/token-issuer.ts';

export const NOW_S = 1_800_000_000;
export const NOW_MS = NOW_S * 1000;
export const CERTIFICATE = createHash('sha256').update('certificate').digest();
export const OTHER_CERTIFICATE = createHash('sha256').update('other').digest();

export const rsa = rsaPair();
export const otherRsa = rsaPair();
const weakRsa = rsaPair(1024);
const ec256 = ecPair('P-256');
const ec384 = ecPair('P-384');
const ec521 = ecPair('P-521');
export const ed = edPair();

const SIGNERS: Readonly<Record<string, KeyObject>> = {
  r1: rsa.privateKey,
  encryption: rsa.privateKey,
  'only-signs': rsa.privateKey,
  'only-pss': rsa.privateKey,
  'odd-operations': rsa.privateKey,
  any: rsa.privateKey,
  next: otherRsa.privateKey,
  weak: weakRsa.privateKey,
  e256: ec256.privateKey,
  e384: ec384.privateKey,
  e521: ec521.privateKey,
  ed: ed.privateKey,
};

export const KEYS: readonly Jwk[] = [
  publicJwk(rsa, { kid: 'r1', use: 'sig', alg: 'RS256' }),
  publicJwk(rsa, { kid: 'any' }),
  publicJwk(rsa, { kid: 'encryption', use: 'enc' }),
  publicJwk(rsa, { kid: 'only-signs', key_ops: ['sign'] }),
  publicJwk(rsa, { kid: 'only-pss', alg: 'PS256' }),
  publicJwk(rsa, { kid: 'odd-operations', key_ops: 'verify' }),
  publicJwk(weakRsa, { kid: 'weak' }),
  publicJwk(ec256, { kid: 'e256' }),
  publicJwk(ec384, { kid: 'e384' }),
  publicJwk(ec521, { kid: 'e521' }),
  publicJwk(ed, { kid: 'ed' }),
  { kty: 'oct', kid: 'secret', k: base64url('shared secret of thirty-two bytes') },
  { kty: 'EC', crv: 'P-256', kid: 'broken', x: 'AA', y: 'AA' },
];

/** Everything about a token that a test may change; what is not text is made JSON. */
export interface Changes {
  readonly header?: Jwk | string;
  readonly claims?: Jwk | string;
  readonly key?: KeyObject | string | null;
  readonly algorithm?: string;
}

/** A token that is right for the route `plain`, but for the changes. An undefined member is none. */
export function tokenOf(
  issuer: string,
  { header = {}, claims = {}, ...more }: Changes = {},
): string {
  const head =
    typeof header === 'string' ? header : { alg: 'RS256', kid: 'r1', typ: 'JWT', ...header };
  const body =
    typeof claims === 'string'
      ? claims
      : { iss: issuer, aud: 'api', sub: 'user-1', iat: NOW_S - 10, exp: NOW_S + 300, ...claims };
  const named: Jwk = typeof head === 'string' ? { alg: 'RS256', kid: 'r1' } : head;
  const algorithm = more.algorithm ?? String(named['alg']);
  const key = more.key === undefined ? (SIGNERS[String(named['kid'])] ?? rsa.privateKey) : more.key;
  return compact(head, body, { algorithm, key });
}

export interface Asked {
  readonly route?: string;
  readonly authorization?: string;
  readonly dpop?: string;
  readonly method?: string;
  readonly url?: string;
  readonly certificateSha256?: string | null;
  readonly nowMs?: number;
}

export function ask(authenticator: Authenticator, asked: Asked): Promise<Authentication> {
  const { authorization, dpop, route = 'plain' } = asked;
  return authenticator.authenticate(route, {
    method: asked.method ?? 'GET',
    url: asked.url ?? 'https://api.test/orders?page=2',
    header: (name) => ({ authorization, dpop })[name],
    certificateSha256: asked.certificateSha256 ?? null,
    nowMs: asked.nowMs ?? NOW_MS,
  });
}

/** `accepted`, or the code of the problem. */
export function outcomeOf(found: Authentication): string {
  return found.kind === 'accepted' ? 'accepted' : found.code;
}

export function modelOf(yaml: string, env: Record<string, string> = {}): Model {
  const loaded = parseConfig(
    `version: 1\nupstreams: { up: { endpoints: [{ url: "http://127.0.0.1:1" }] } }\n${yaml}`,
    { file: 'g.yaml', baseDir: '/', env },
  );
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n'));
  return loaded.model;
}

export function routeOf(name: string, jwt: string): string {
  return `  - { name: ${name}, match: { path: /${name} }, upstream: up, auth: { jwt: ${jwt} } }\n`;
}

/** An issuer with all keys, and what believes it. */
export async function openStage(
  yaml: (url: string) => string,
): Promise<{ readonly issuer: TokenIssuer; readonly authenticator: Authenticator }> {
  const issuer = await TokenIssuer.start();
  issuer.keys = [...KEYS];
  return { issuer, authenticator: openAuthenticator(modelOf(yaml(issuer.url))) };
}
