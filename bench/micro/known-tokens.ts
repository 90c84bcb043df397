/**
 * Tokens for every consumer of the subject, each verified once as a worker does it, so that native
 * code knows them all.
 *
 * Bounds: as many tokens as there are keys; 64 are verified at a time.
 * Source: RFC 7519 (JWT), RFC 7518 §3.4 (ES256).
 *
 * @module
 */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';

import { until } from '../../arena/host/wait.ts';
import { openAuthenticator } from '../../src/identity/authenticate.ts';
import { answerQuestions } from '../../src/stages/stages.ts';
import {
  callers,
  consumerOf,
  forwardedRoute,
  headsOf,
  openSubject,
  PEER,
  type Subject,
  TENANT,
} from './subject.ts';

const ISSUER = 'https://issuer.bench.test';
const AUDIENCE = 'bench';
const KEY_ID = 'bench-1';
const LIFETIME = '1d';
const VERIFIED_AT_ONCE = 64;
const VERIFIED_TIMEOUT_MS = 60_000;
/** Above it `begin` says that a body is wanted, which no request here has. */
const ID_MASK = 0x3fff_ffff;

/** A subject that takes tokens as well, and tokens that it has verified. */
export interface KnownTokens extends Subject {
  /** In the order of `callers`. */
  readonly tokens: readonly string[];
  /** Requests that were not decided on natively since all tokens are known. */
  readonly questions: () => number;
}

/** The head of a request with a token, for the route that is the same as that of keys else. */
export const tokenHeads = (): ((token: string) => string) => {
  const head = headsOf('/token/v1/orders', 'expand=lines', 'authorization');
  return (token) => head(`Bearer ${token}`);
};

/** Rejects when a token is not believed. */
export async function openWithTokens(): Promise<KnownTokens> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-issuer-'));
  const jwksFile = join(folder, 'jwks.json');
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'ES256', use: 'sig' };
  writeFileSync(jwksFile, JSON.stringify({ keys: [jwk] }));
  try {
    const subject = await openSubject({
      settings: identityOf(jwksFile),
      routes: forwardedRoute('token', '{ jwt: {} }'),
    });
    const asked = countQuestions(subject);
    const tokens = await Promise.all(callers.map((caller) => signed(caller, privateKey)));
    for (let at = 0; at < tokens.length; at += VERIFIED_AT_ONCE) {
      await verify(subject, tokens.slice(at, at + VERIFIED_AT_ONCE), asked);
    }
    const before = asked();
    return { ...subject, tokens, questions: () => asked() - before };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const identityOf = (jwksFile: string): string => `identity:
  issuers:
    bench:
      issuer: ${ISSUER}
      audiences: [${AUDIENCE}]
      jwksFile: ${jwksFile}
      claims: { consumer: sub, tenant: tenant }
`;

/** Has tokens verified as a worker does it; returns how many were. */
function countQuestions({ core, model }: Subject): () => number {
  let settled = 0;
  const authenticator = openAuthenticator(model);
  const counted: typeof authenticator = {
    authenticate: async (route, request) => {
      const found = await authenticator.authenticate(route, request);
      // Its word comes in the same turn.
      setImmediate(() => (settled += 1));
      return found;
    },
    close: () => authenticator.close(),
  };
  answerQuestions(core, {
    model,
    authenticator: counted,
    passwords: { verify: () => null },
    policies: { asks: () => false, decide: () => Promise.reject(new Error('none')) },
    log: (_level, event, fields) => console.error(event, fields),
  });
  return () => settled;
}

async function verify(
  { core }: Subject,
  tokens: readonly string[],
  asked: () => number,
): Promise<void> {
  const head = tokenHeads();
  const before = asked();
  const ids = tokens.map((token) => core.begin(head(token), PEER) & ID_MASK);
  const isSettled = (): boolean => asked() === before + tokens.length;
  await until('tokens are verified', isSettled, VERIFIED_TIMEOUT_MS);
  // One that is refused is no exchange any more; the one that has the connection always is.
  if (core.exchangesInFlight() !== ids.length + 1) throw new Error('a token was not believed');
  for (const id of ids) core.abort(id);
  await new Promise((resolve) => setImmediate(resolve));
}

async function signed(caller: number, key: KeyObject): Promise<string> {
  return new SignJWT({ tenant: TENANT })
    .setProtectedHeader({ alg: 'ES256', kid: KEY_ID, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(consumerOf(caller))
    .setIssuedAt()
    .setExpirationTime(LIFETIME)
    .sign(key);
}
