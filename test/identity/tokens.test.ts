/**
 * The matrix of tokens: each with the answer it must get.
 *
 * Source: RFC 7515, RFC 7519, RFC 8725 (attacks on signed tokens), RFC 6750, RFC 8705.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import type { Authenticator } from '../../src/identity/authenticate.ts';
import { base64url, publicJwk, type TokenIssuer } from '../support/token-issuer.ts';
import {
  type Asked,
  ask,
  CERTIFICATE,
  type Changes,
  ed,
  NOW_MS,
  NOW_S,
  OTHER_CERTIFICATE,
  openStage,
  otherRsa,
  outcomeOf,
  routeOf,
  rsa,
  tokenOf,
} from './stage.ts';

let issuer: TokenIssuer;
let authenticator: Authenticator;
before(async () => {
  ({ issuer, authenticator } = await openStage(yaml));
});
after(async () => {
  await authenticator.close();
  await issuer.stop();
});

function yaml(url: string): string {
  return `
identity:
  issuers:
    idp: { issuer: "${url}", algorithms: [RS256, PS256, ES256, ES384, ES512, EdDSA] }
    other: { issuer: "${url}/other", jwksUrl: "${url}/jwks" }
routes:
${routeOf('plain', '{ issuers: [idp], audiences: [api, api2] }')}
${routeOf('rights', '{ issuers: [idp], audiences: [api], scopes: [read, write], claims: { role: [admin, root], realm.level: 3 } }')}
${routeOf('certificate', '{ issuers: [idp], audiences: [api], bound: certificate }')}
${routeOf('other', '{ issuers: [other], audiences: [api] }')}
`;
}

const PEM = rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const DER_JWK = JSON.stringify(publicJwk(rsa));
const RIGHTS = { scope: 'write read', role: 'admin', realm: { level: 3 } };
const HEX = CERTIFICATE.toString('hex');
const COLONS = HEX.toUpperCase().match(/../g)?.join(':') ?? '';
const BOUND = { cnf: { 'x5t#S256': base64url(CERTIFICATE) } };

interface Row extends Changes, Asked {
  readonly it: string;
  readonly is: string;
  /** In place of `Bearer` and the token. */
  readonly field?: (token: string) => string;
}

// biome-ignore format: a table is read by column.
const ROWS: readonly Row[] = [
  // Who signs, and how.
  { is: 'accepted',          it: 'RS256' },
  { is: 'accepted',          it: 'PS256',                          header: { alg: 'PS256', kid: 'only-pss' } },
  { is: 'accepted',          it: 'ES256',                          header: { alg: 'ES256', kid: 'e256' } },
  { is: 'accepted',          it: 'ES384',                          header: { alg: 'ES384', kid: 'e384' } },
  { is: 'accepted',          it: 'ES512',                          header: { alg: 'ES512', kid: 'e521' } },
  { is: 'accepted',          it: 'EdDSA',                          header: { alg: 'EdDSA', kid: 'ed' } },
  { is: 'accepted',          it: 'no kid, one key that fits',      header: { alg: 'EdDSA', kid: undefined }, key: ed.privateKey },
  { is: 'token_malformed',   it: 'alg none, no signature',         header: { alg: 'none' }, key: null },
  { is: 'token_not_trusted', it: 'alg none with a signature',      header: { alg: 'none' }, algorithm: 'RS256' },
  { is: 'token_not_trusted', it: 'alg None',                       header: { alg: 'None' }, algorithm: 'RS256' },
  { is: 'token_not_trusted', it: 'HS256 with the public key (PEM)', header: { alg: 'HS256' }, key: PEM },
  { is: 'token_not_trusted', it: 'HS256 with the public key (JWK)', header: { alg: 'HS256' }, key: DER_JWK },
  { is: 'token_not_trusted', it: 'HS256 with the secret of the set', header: { alg: 'HS256', kid: 'secret' }, key: 'shared secret of thirty-two bytes' },
  { is: 'token_not_trusted', it: 'HS256 with an empty secret',     header: { alg: 'HS256' }, key: '' },
  { is: 'accepted',          it: 'a key for any algorithm',        header: { kid: 'any' } },
  { is: 'token_not_trusted', it: 'RS512, which is not listed',     header: { alg: 'RS512', kid: 'any' } },
  { is: 'token_not_trusted', it: 'RS256 said to be PS256',         header: { alg: 'PS256', kid: 'only-pss' }, algorithm: 'RS256' },
  { is: 'token_not_trusted', it: 'PS256 with a key for RS256',     header: { alg: 'PS256', kid: 'r1' } },
  { is: 'token_not_trusted', it: 'RS256 with a key for PS256',     header: { kid: 'only-pss' } },
  { is: 'token_not_trusted', it: 'RS256 said of an EC key',        header: { kid: 'e256' }, key: rsa.privateKey },
  { is: 'token_not_trusted', it: 'ES256 said of a P-384 key',      header: { alg: 'ES256', kid: 'e384' } },
  { is: 'token_malformed',   it: 'no alg',                         header: { alg: undefined }, algorithm: 'RS256' },
  { is: 'token_malformed',   it: 'alg a list',                     header: { alg: ['RS256'] }, algorithm: 'RS256' },
  { is: 'token_not_trusted', it: 'a key for encryption',           header: { kid: 'encryption' } },
  { is: 'token_not_trusted', it: 'a key that only signs',          header: { kid: 'only-signs' } },
  { is: 'token_not_trusted', it: 'a key whose key_ops is no list', header: { kid: 'odd-operations' } },
  { is: 'token_not_trusted', it: 'a key of 1024 bits',             header: { kid: 'weak' } },
  { is: 'token_not_trusted', it: 'a key that is broken',           header: { alg: 'ES256', kid: 'broken' }, key: rsa.privateKey, algorithm: 'RS256' },
  { is: 'token_not_trusted', it: 'another key',                    key: otherRsa.privateKey },
  { is: 'token_not_trusted', it: 'a kid nobody has',               header: { kid: 'unknown' } },
  { is: 'token_not_trusted', it: 'a kid that is a path',           header: { kid: '../../../../dev/null' }, key: '', algorithm: 'HS256' },
  { is: 'token_not_trusted', it: 'a kid that is SQL',              header: { kid: "x' UNION SELECT 'key'--" } },
  { is: 'token_not_trusted', it: 'a kid that every object has',    header: { kid: '__proto__' }, key: rsa.privateKey },
  { is: 'token_malformed',   it: 'a kid that is an object',        header: { kid: { r1: true } } },
  { is: 'token_not_trusted', it: 'its own key in jwk',             header: { kid: undefined, jwk: publicJwk(otherRsa) }, key: otherRsa.privateKey },
  { is: 'token_not_trusted', it: 'its own key in jwk with our kid', header: { jwk: publicJwk(otherRsa, { kid: 'r1' }) }, key: otherRsa.privateKey },
  { is: 'token_not_trusted', it: 'its own keys at jku',            header: { jku: 'http://127.0.0.1:9/jwks' }, key: otherRsa.privateKey },
  { is: 'token_not_trusted', it: 'its own certificate in x5c',     header: { x5c: ['MIIB'] }, key: otherRsa.privateKey },
  { is: 'token_not_trusted', it: 'its own certificate at x5u',     header: { x5u: 'http://127.0.0.1:9/x' }, key: otherRsa.privateKey },
  { is: 'accepted',          it: 'a jku that is not asked',        header: { jku: 'http://127.0.0.1:9/jwks' } },
  { is: 'token_malformed',   it: 'crit',                           header: { crit: ['exp'], exp: 1 } },
  { is: 'token_malformed',   it: 'an empty crit',                  header: { crit: [] } },
  { is: 'token_malformed',   it: 'a payload that is not encoded',  header: { crit: ['b64'], b64: false } },
  // Its form.
  { is: 'token_malformed',   it: 'the signature cut off',          field: (token) => `Bearer ${token.replace(/[^.]*$/, '')}` },
  { is: 'token_not_trusted', it: 'the signature cut short',        field: (token) => `Bearer ${token.slice(0, -2)}` },
  { is: 'token_malformed',   it: 'two parts',                      field: (token) => `Bearer ${token.split('.').slice(0, 2).join('.')}` },
  { is: 'token_malformed',   it: 'four parts',                     field: (token) => `Bearer ${token}.e30` },
  { is: 'token_malformed',   it: 'five parts: encrypted',          field: () => 'Bearer e30.e30.e30.e30.e30' },
  { is: 'token_not_trusted', it: 'another payload under it',       field: (token) => `Bearer ${swapPayload(token)}` },
  { is: 'token_malformed',   it: 'padding',                        field: (token) => `Bearer ${token}==` },
  { is: 'token_malformed',   it: 'the signature in plain base64',  field: (token) => `Bearer ${token.slice(0, -8)}++++++++` },
  { is: 'token_malformed',   it: 'bits left over in the signature', field: (token) => `Bearer ${withBitsLeftOver(token)}` },
  { is: 'token_malformed',   it: '100 KB',                         claims: { more: 'x'.repeat(100_000) } },
  { is: 'accepted',          it: '10 KB',                          claims: { more: 'x'.repeat(7000) } },
  { is: 'token_malformed',   it: 'a token in the token',           header: { cty: 'JWT' }, claims: 'eyJhbGciOiJub25lIn0.e30.' },
  { is: 'token_malformed',   it: 'a payload that is a list',       claims: '[]' },
  { is: 'token_malformed',   it: 'a payload that is no JSON',      claims: '{"iss"' },
  { is: 'token_malformed',   it: 'aud twice',                      claims: `{"iss":"x","aud":"api","aud":"other","exp":${NOW_S + 9}}` },
  { is: 'token_malformed',   it: 'aud twice, once with an escape', claims: `{"aud":"api","\\u0061ud":"other","exp":${NOW_S + 9}}` },
  { is: 'token_malformed',   it: 'alg twice',                      header: '{"alg":"RS256","alg":"none","kid":"r1"}' },
  { is: 'token_malformed',   it: 'a claim twice, deep inside',     claims: '{"a":[{"b":1,"b":2}]}' },
  { is: 'token_malformed',   it: 'nested a thousand times',        claims: `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}` },
  { is: 'token_malformed',   it: 'not UTF-8',                      field: (token) => `Bearer ${token.split('.')[0]}.${base64url(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))}.AAAA` },
  // Where it stands.
  { is: 'token_missing',     it: 'no field',                       field: () => '' },
  { is: 'token_missing',     it: 'another scheme',                 field: () => 'Basic dXNlcjpwYXNz' },
  { is: 'token_malformed',   it: 'the scheme alone',               field: () => 'Bearer' },
  { is: 'token_malformed',   it: 'two tokens',                     field: (token) => `Bearer ${token}, Bearer ${token}` },
  { is: 'accepted',          it: 'the scheme in capitals',         field: (token) => `BEARER ${token}` },
  // Its issuer, its audience, its type.
  { is: 'token_not_trusted', it: 'another issuer',                 claims: { iss: 'https://evil.test' } },
  { is: 'token_not_trusted', it: 'no issuer',                      claims: { iss: undefined } },
  { is: 'token_not_trusted', it: 'a list with the issuer',         claims: { iss: ['URL'] } },
  { is: 'token_not_trusted', it: 'the issuer with a slash more',   claims: { iss: 'URL/' } },
  { is: 'token_not_trusted', it: 'an issuer of another route',     claims: { iss: 'URL/other' } },
  { is: 'accepted',          it: 'that issuer on its route',       claims: { iss: 'URL/other' }, route: 'other' },
  { is: 'accepted',          it: 'several audiences',              claims: { aud: ['x', 'api2'] } },
  { is: 'token_not_trusted', it: 'another audience',               claims: { aud: 'billing' } },
  { is: 'token_not_trusted', it: 'no audience',                    claims: { aud: undefined } },
  { is: 'token_not_trusted', it: 'no audience in the list',        claims: { aud: [] } },
  { is: 'token_not_trusted', it: 'an audience that is no text',    claims: { aud: [{ api: 1 }, 'api'] } },
  { is: 'token_not_trusted', it: 'an audience that begins so',     claims: { aud: 'api.evil.test' } },
  { is: 'accepted',          it: 'at+jwt',                         header: { typ: 'at+jwt' } },
  { is: 'accepted',          it: 'application/at+JWT',             header: { typ: 'application/at+JWT' } },
  { is: 'accepted',          it: 'no type',                        header: { typ: undefined } },
  { is: 'token_not_trusted', it: 'a logout token',                 header: { typ: 'logout+jwt' } },
  { is: 'token_not_trusted', it: 'a proof in place of a token',    header: { typ: 'dpop+jwt' } },
  { is: 'token_malformed',   it: 'a type that is no text',         header: { typ: 1 } },
  // When.
  { is: 'token_expired',     it: 'expired',                        claims: { exp: NOW_S - 30 } },
  { is: 'accepted',          it: 'expired within the skew',        claims: { exp: NOW_S - 29 } },
  { is: 'token_malformed',   it: 'no exp',                         claims: { exp: undefined } },
  { is: 'token_malformed',   it: 'exp as text',                    claims: { exp: String(NOW_S + 300) } },
  { is: 'token_malformed',   it: 'exp beyond numbers',             claims: `{"iss":"URL","aud":"api","exp":1e999}` },
  { is: 'token_expired',     it: 'exp below zero',                 claims: { exp: -1 } },
  { is: 'token_not_trusted', it: 'not yet valid',                  claims: { nbf: NOW_S + 31 } },
  { is: 'accepted',          it: 'not yet valid within the skew',  claims: { nbf: NOW_S + 30 } },
  { is: 'token_malformed',   it: 'nbf null',                       claims: { nbf: null } },
  { is: 'token_not_trusted', it: 'issued in the future',           claims: { iat: NOW_S + 31 } },
  // What it may.
  { is: 'accepted',           it: 'every scope and claim',         route: 'rights', claims: RIGHTS },
  { is: 'accepted',           it: 'scopes in scp, roles in a list', route: 'rights', claims: { ...RIGHTS, scope: undefined, scp: ['read', 'write'], role: ['x', 'root'] } },
  { is: 'insufficient_scope', it: 'one scope of two',              route: 'rights', claims: { ...RIGHTS, scope: 'read' } },
  { is: 'insufficient_scope', it: 'a scope that begins so',        route: 'rights', claims: { ...RIGHTS, scope: 'read write2' } },
  { is: 'insufficient_scope', it: 'no scopes',                     route: 'rights', claims: { ...RIGHTS, scope: undefined } },
  { is: 'token_malformed',    it: 'scopes that are an object',     route: 'rights', claims: { ...RIGHTS, scope: { read: true, write: true } } },
  { is: 'claims_refused',     it: 'another role',                  route: 'rights', claims: { ...RIGHTS, role: 'user' } },
  { is: 'claims_refused',     it: 'a level as text',               route: 'rights', claims: { ...RIGHTS, realm: { level: '3' } } },
  { is: 'claims_refused',     it: 'a realm that is nothing',       route: 'rights', claims: { ...RIGHTS, realm: null } },
  { is: 'claims_refused',     it: 'a name that ends the line',     claims: { sub: 'a\r\nx-admin: 1' } },
  // Whose certificate.
  { is: 'accepted',           it: 'bound to this certificate',     claims: BOUND, certificateSha256: HEX },
  { is: 'accepted',           it: 'in hexadecimal with colons',    claims: BOUND, certificateSha256: COLONS },
  { is: 'accepted',           it: 'in base64url',                  claims: BOUND, certificateSha256: base64url(CERTIFICATE) },
  { is: 'token_not_bound',    it: 'bound to another certificate',  claims: BOUND, certificateSha256: OTHER_CERTIFICATE.toString('hex') },
  { is: 'token_not_bound',    it: 'bound, and no certificate',     claims: BOUND },
  { is: 'token_not_bound',    it: 'bound to a digest in hex',      claims: { cnf: { 'x5t#S256': HEX } }, certificateSha256: HEX },
  { is: 'token_not_bound',    it: 'bound to an empty digest',      claims: { cnf: { 'x5t#S256': '' } }, certificateSha256: '' },
  { is: 'token_not_bound',    it: 'bound in an unknown way',       claims: { cnf: { kid: 'x' } } },
  { is: 'token_malformed',    it: 'a binding that is no object',   claims: { cnf: 'none' } },
  { is: 'token_not_bound',    it: 'not bound where it must be',    route: 'certificate', certificateSha256: HEX },
  { is: 'accepted',           it: 'bound where it must be',        route: 'certificate', claims: BOUND, certificateSha256: HEX },
];

/** `URL` in a text or in `iss` is the issuer's. */
function withUrl(claims: Changes['claims']): Changes['claims'] {
  if (typeof claims !== 'object') return claims?.replace('URL', issuer.url);
  if (!('iss' in claims)) return claims;
  const named = JSON.stringify(claims['iss'])?.replace('URL', issuer.url);
  return { ...claims, iss: named === undefined ? undefined : JSON.parse(named) };
}

function swapPayload(token: string): string {
  const [head, , signature] = token.split('.');
  const payload = tokenOf(issuer.url, { claims: { sub: 'admin' } }).split('.')[1];
  return `${head}.${payload}.${signature}`;
}

/** 2048 bits are 256 bytes, so the last character has 4 bits that mean nothing. */
function withBitsLeftOver(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) ^ 1);
}

describe(`${ROWS.length} tokens`, () => {
  it('are sixty at least, no two with one name', () => {
    assert.ok(ROWS.length >= 60);
    assert.equal(new Set(ROWS.map((row) => row.it)).size, ROWS.length);
  });

  for (const row of ROWS) {
    it(`${row.it}: ${row.is}`, async () => {
      const { field = (token: string): string => `Bearer ${token}` } = row;
      const claims = withUrl(row.claims);
      const changes = Object.entries({ ...row, claims }).filter(([, value]) => value !== undefined);
      const token = tokenOf(issuer.url, Object.fromEntries(changes));
      const found = await ask(authenticator, { ...row, authorization: field(token) });
      assert.equal(outcomeOf(found), row.is, JSON.stringify(found));
    });
  }
});

describe('what is accepted', () => {
  it('is remembered until it expires', async () => {
    const found = await ask(authenticator, { authorization: `Bearer ${tokenOf(issuer.url)}` });
    assert.ok(found.kind === 'accepted');
    assert.equal(found.rememberUntilMs, NOW_MS + 300_000);
  });

  it('is not remembered when it is bound, or counts by the skew alone', async () => {
    for (const claims of [BOUND, { exp: NOW_S - 1 }]) {
      const authorization = `Bearer ${tokenOf(issuer.url, { claims })}`;
      const found = await ask(authenticator, { authorization, certificateSha256: HEX });
      assert.ok(found.kind === 'accepted');
      assert.equal(found.rememberUntilMs, null);
    }
  });
});
