/**
 * Who issues the tokens of the arena: one ES256 key for ever, so that the same configuration has
 * the same hash in every run.
 *
 * Everybody can compute the private key. It guards nothing: the arena's gateways stand on the
 * loopback interface and forward to an upstream that has nothing to tell.
 *
 * Source: RFC 7517 (JWKS), RFC 7518 §3.4 (ES256).
 *
 * @module
 */

import { createECDH, createHash, createPublicKey, type JsonWebKey } from 'node:crypto';

export const ISSUER = 'https://issuer.arena.test';
export const AUDIENCE = 'arena';
const KEY_ID = 'arena-1';

/** The key pair on P-256 whose secret is the SHA-256 of `seed`, as a JWK. */
export function keyPairFrom(seed: string): JsonWebKey & { kid: string; alg: string } {
  const secret = createHash('sha256').update(seed).digest();
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(secret);
  const point = pair.getPublicKey();
  return {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
    d: secret.toString('base64url'),
    kid: KEY_ID,
    alg: 'ES256',
  };
}

export const SIGNING_KEY = keyPairFrom('the tokens of the gateway arena');

const { d: _secret, ...PUBLIC_KEY } = SIGNING_KEY;

/** What targets verify with. */
export const JWKS = { keys: [{ ...PUBLIC_KEY, use: 'sig' }] } as const;

export const PUBLIC_KEY_PEM = createPublicKey({ key: PUBLIC_KEY, format: 'jwk' })
  .export({ type: 'spki', format: 'pem' })
  .toString();
