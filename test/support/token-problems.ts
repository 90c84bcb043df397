/**
 * Requests that bring about each problem that there is with tokens, for `problems.test.ts`.
 *
 * @module
 */

import { createHash, randomUUID } from 'node:crypto';

import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

import type { Answer, CallOptions } from './raw-client.ts';
import type { SlowIssuer } from './slow-issuer.ts';

type Ask = (line: string, options?: CallOptions) => Promise<Answer>;

/** More than a caller's fields may be, if each holds a claim of a kilobyte. */
const MANY_HEADERS = Array.from({ length: 40 }, (_, at) => `x-${at}: pad`).join(', ');

/** The part of a configuration that the requests need; `closedPort` is one on which nobody listens. */
export function tokenYaml(issuer: SlowIssuer, closedPort: number): string {
  const gone = `http://127.0.0.1:${closedPort}`;
  return `
identity:
  dpop: { nonce: true }
  basic: { concurrencyMax: 1, pendingMax: 0 }
  issuers:
    idp: { issuer: "${issuer.url}", jwksUrl: "${issuer.url}/jwks", audiences: [gw], clockSkewMs: 0, keys: { cooldownMs: 0 } }
    gone: { issuer: "${gone}", jwksUrl: "${gone}/jwks", audiences: [gw] }
`;
}

/** Of no password; guesses at users that there are not cost as much as it says. */
export const CHEAP_HASH = `$scrypt$ln=14,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** The routes of it. */
export const TOKEN_ROUTES = `
  - { name: basic, match: { path: /basic }, upstream: up, auth: { basic: {} } }
  - { name: token, match: { path: /token }, upstream: up, auth: { jwt: {} } }
  - { name: scoped, match: { path: /scoped }, upstream: up, auth: { jwt: { scopes: [write] } } }
  - { name: claimed, match: { path: /claimed }, upstream: up, auth: { jwt: { claims: { role: admin } } } }
  - { name: crowded, match: { path: /crowded }, upstream: up, auth: { jwt: { headers: { ${MANY_HEADERS} } } } }
`;

/** How each code comes about. */
export const TOKEN_PRODUCERS = {
  basic_missing: (ask: Ask) => ask('GET /basic'),
  basic_malformed: (ask: Ask) => basic(ask, 'nobody'),
  basic_wrong: (ask: Ask) => basic(ask, 'nobody:password'),
  passwords_busy: async (ask: Ask) => {
    const guesses = Array.from({ length: 8 }, (_, at) => basic(ask, `nobody:${at}`));
    const answers = await Promise.all(guesses);
    return answers.find(({ problem }) => problem === 'passwords_busy') ?? basic(ask, 'nobody');
  },
  token_missing: (ask: Ask) => ask('GET /token'),
  token_malformed: (ask: Ask) => bearer(ask, 'GET /token', 'nonsense'),
  token_not_trusted: async (ask: Ask, issuer: SlowIssuer) =>
    bearer(ask, 'GET /token', `${(await issuer.token()).slice(0, -8)}AAAAAAAA`),
  token_expired: async (ask: Ask, issuer: SlowIssuer) =>
    bearer(ask, 'GET /token', await issuer.token({}, -10)),
  token_not_bound: async (ask: Ask, issuer: SlowIssuer) =>
    bearer(ask, 'GET /token', await issuer.token({ cnf: { jkt: 'a'.repeat(43) } })),
  dpop_proof_invalid: async (ask: Ask, issuer: SlowIssuer) =>
    proven(ask, await issuer.token({ cnf: { jkt: 'a'.repeat(43) } }), 'nonsense'),
  dpop_nonce_required: proveWithoutNonce,
  insufficient_scope: async (ask: Ask, issuer: SlowIssuer) =>
    bearer(ask, 'GET /scoped', await issuer.token({ scope: 'read' })),
  claims_refused: async (ask: Ask, issuer: SlowIssuer) =>
    bearer(ask, 'GET /claimed', await issuer.token({ role: 'guest' })),
  plan_unknown: async (ask: Ask, issuer: SlowIssuer) =>
    bearer(ask, 'GET /token', await issuer.token({ plan: 'of-nobody' })),
  issuer_unavailable: async (ask: Ask, _: SlowIssuer, closedPort: number) =>
    bearer(ask, 'GET /token', await strangersToken(`http://127.0.0.1:${closedPort}`)),
  decision_failed: async (ask: Ask, issuer: SlowIssuer) =>
    bearer(ask, 'GET /crowded', await issuer.token({ pad: 'x'.repeat(1000) })),
  decision_timeout: async (ask: Ask, issuer: SlowIssuer) => {
    await issuer.rotate();
    issuer.hold();
    const answer = await bearer(ask, 'GET /token', await issuer.token());
    issuer.release();
    return answer;
  },
};

function basic(ask: Ask, pair: string): Promise<Answer> {
  const Authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  return ask('GET /basic', { headers: { Authorization } });
}

function bearer(ask: Ask, line: string, token: string): Promise<Answer> {
  return ask(line, { headers: { Authorization: `Bearer ${token}` } });
}

function proven(ask: Ask, token: string, proof: string): Promise<Answer> {
  return ask('GET /token', { headers: { Authorization: `DPoP ${token}`, DPoP: proof } });
}

/** Source: RFC 9449 §4.2. */
async function proveWithoutNonce(ask: Ask, issuer: SlowIssuer): Promise<Answer> {
  const keys = await generateKeyPair('ES256');
  const jwk = await exportJWK(keys.publicKey);
  const token = await issuer.token({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  const claims: JWTPayload = {
    htm: 'GET',
    htu: 'http://gw.test/token',
    jti: randomUUID(),
    ath: createHash('sha256').update(token).digest('base64url'),
  };
  const proof = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .setIssuedAt()
    .sign(keys.privateKey);
  return proven(ask, token, proof);
}

async function strangersToken(issuer: string): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256');
  return new SignJWT({ sub: 'shop' })
    .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience('gw')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);
}
