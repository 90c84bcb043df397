/**
 * Tokens for the tiers that check them: a good one, and each that must be refused.
 *
 * Source: RFC 7519 (JWT), RFC 8725 §3.1 (`alg: none`).
 *
 * @module
 */

import { importJWK, SignJWT, UnsecuredJWT } from 'jose';

import { AUDIENCE, ISSUER, keyPairFrom, SIGNING_KEY } from './issuer.ts';
import { CALLER } from './tiers.ts';

/** Longer than any run. */
const LIFETIME = '7d';

export interface Credentials {
  /** Valid for 7 days. */
  readonly token: string;
  /** What must not be let in, by what is wrong with it. */
  readonly refused: Readonly<Record<'garbled' | 'expired' | 'of another key' | 'unsigned', string>>;
}

export async function makeCredentials(): Promise<Credentials> {
  const token = await signed(SIGNING_KEY, LIFETIME);
  return {
    token,
    refused: {
      garbled: garbled(token),
      expired: await signed(SIGNING_KEY, '-1h'),
      'of another key': await signed(keyPairFrom('somebody else'), LIFETIME),
      unsigned: unsigned(),
    },
  };
}

async function signed(key: typeof SIGNING_KEY, lifetime: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(CALLER.consumer)
    .setExpirationTime(lifetime)
    .sign(await importJWK(key, key.alg));
}

function unsigned(): string {
  return new UnsecuredJWT()
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(CALLER.consumer)
    .setExpirationTime(LIFETIME)
    .encode();
}

/** The same with another character in the middle of its signature. */
function garbled(token: string): string {
  const at = token.length - 20;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}
