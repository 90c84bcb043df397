/**
 * Proofs of possession: each claim wrong, each replayed, and no way around them.
 *
 * Source: RFC 9449 §4.3 (what is checked), §7.2 (downgrade), §8 and §9 (nonces), §11 (replay).
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createHash, type KeyObject } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { calculateJwkThumbprint } from 'jose';

import { type Authenticator, openAuthenticator } from '../../src/identity/authenticate.ts';
import {
  base64url,
  compact,
  ecPair,
  type Jwk,
  publicJwk,
  rsaPair,
  type TokenIssuer,
} from '../support/token-issuer.ts';
import {
  type Asked,
  ask,
  modelOf,
  NOW_MS,
  NOW_S,
  openStage,
  outcomeOf,
  routeOf,
  tokenOf,
} from './stage.ts';

const caller = ecPair('P-256');
const stranger = ecPair('P-256');
const weak = rsaPair(1024);
const URL_ASKED = 'https://api.test/orders?page=2';

let issuer: TokenIssuer;
let authenticator: Authenticator;
let jkt: string;
before(async () => {
  jkt = await calculateJwkThumbprint(publicJwk(caller));
  ({ issuer, authenticator } = await openStage((url) => yamlOf(url)));
});
after(async () => {
  await authenticator.close();
  await issuer.stop();
});

function yamlOf(url: string, dpop = ''): string {
  return `
identity: { issuers: { idp: { issuer: "${url}", audiences: [api] } }, dpop: { ${dpop} } }
routes:
${routeOf('plain', '{}')}
${routeOf('dpop', '{ bound: dpop }')}
`;
}

function boundToken(): string {
  return tokenOf(issuer.url, { claims: { cnf: { jkt } } });
}

interface ProofChanges {
  readonly header?: Jwk;
  readonly claims?: Jwk;
  readonly key?: KeyObject | string | null;
  readonly algorithm?: string;
}

let proofs = 0;

function proofOf(token: string, { header = {}, claims = {}, ...more }: ProofChanges = {}): string {
  proofs += 1;
  const head = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk(caller), ...header };
  const ath = createHash('sha256').update(token).digest('base64url');
  const htu = 'https://api.test/orders';
  const body = { jti: `proof-${proofs}`, htm: 'GET', htu, iat: NOW_S, ath, ...claims };
  const { key = caller.privateKey, algorithm = head.alg } = more;
  return compact(head, body, { algorithm, key });
}

interface Row extends ProofChanges, Asked {
  readonly it: string;
  readonly is: string;
  readonly scheme?: string;
  readonly token?: () => string;
  /** In place of the proof. */
  readonly field?: (proof: string) => string | undefined;
}

// biome-ignore format: a table is read by column.
const ROWS: readonly Row[] = [
  { is: 'accepted',           it: 'right in everything' },
  { is: 'accepted',           it: 'on a route that asks for it',     route: 'dpop' },
  { is: 'accepted',           it: 'htu with query and fragment',     claims: { htu: 'https://api.test/orders?x#y' } },
  { is: 'accepted',           it: 'htu with the port and capitals',  claims: { htu: 'HTTPS://API.test:443/orders' } },
  { is: 'accepted',           it: 'at the edge of the window',       claims: { iat: NOW_S - 60 } },
  { is: 'dpop_proof_invalid', it: 'no proof',                        field: () => undefined },
  { is: 'dpop_proof_invalid', it: 'two proofs',                      field: (proof) => `${proof}, ${proof}` },
  { is: 'dpop_proof_invalid', it: 'a proof of 100 KB',               claims: { more: 'x'.repeat(100_000) } },
  { is: 'dpop_proof_invalid', it: 'no token at all as proof',        field: () => 'proof' },
  { is: 'dpop_proof_invalid', it: 'another method',                  claims: { htm: 'POST' } },
  { is: 'dpop_proof_invalid', it: 'the method in small letters',     claims: { htm: 'get' } },
  { is: 'dpop_proof_invalid', it: 'no method',                       claims: { htm: undefined } },
  { is: 'dpop_proof_invalid', it: 'another path',                    claims: { htu: 'https://api.test/orders/1' } },
  { is: 'dpop_proof_invalid', it: 'another host',                    claims: { htu: 'https://evil.test/orders' } },
  { is: 'dpop_proof_invalid', it: 'another scheme',                  claims: { htu: 'http://api.test/orders' } },
  { is: 'dpop_proof_invalid', it: 'no URL',                          claims: { htu: undefined } },
  { is: 'dpop_proof_invalid', it: 'an URL that is none',             claims: { htu: '/orders' } },
  { is: 'dpop_proof_invalid', it: 'another token',                   claims: { ath: createHash('sha256').update('x').digest('base64url') } },
  { is: 'dpop_proof_invalid', it: 'no token',                        claims: { ath: undefined } },
  { is: 'dpop_proof_invalid', it: 'too old',                         claims: { iat: NOW_S - 61 } },
  { is: 'dpop_proof_invalid', it: 'from the future',                 claims: { iat: NOW_S + 61 } },
  { is: 'dpop_proof_invalid', it: 'no time',                         claims: { iat: undefined } },
  { is: 'dpop_proof_invalid', it: 'a time that is text',             claims: { iat: String(NOW_S) } },
  { is: 'dpop_proof_invalid', it: 'no jti',                          claims: { jti: undefined } },
  { is: 'dpop_proof_invalid', it: 'an empty jti',                    claims: { jti: '' } },
  { is: 'dpop_proof_invalid', it: 'a long jti',                      claims: { jti: 'x'.repeat(257) } },
  { is: 'dpop_proof_invalid', it: 'another type',                    header: { typ: 'JWT' } },
  { is: 'dpop_proof_invalid', it: 'no type',                         header: { typ: undefined } },
  { is: 'dpop_proof_invalid', it: 'no key',                          header: { jwk: undefined } },
  { is: 'dpop_proof_invalid', it: 'a private key',                   header: { jwk: { ...publicJwk(caller), d: 'AA' } } },
  { is: 'dpop_proof_invalid', it: 'a shared secret',                 header: { alg: 'HS256', jwk: { kty: 'oct', k: base64url('s') } }, key: 's' },
  { is: 'dpop_proof_invalid', it: 'no signature',                    header: { alg: 'none' }, key: null },
  { is: 'dpop_proof_invalid', it: 'alg none with a signature',       header: { alg: 'none' }, algorithm: 'ES256' },
  { is: 'dpop_proof_invalid', it: 'signed with another key',         key: stranger.privateKey },
  { is: 'dpop_proof_invalid', it: 'a key of 1024 bits',              header: { alg: 'RS256', jwk: publicJwk(weak) }, key: weak.privateKey },
  { is: 'dpop_proof_invalid', it: 'a key that is broken',            header: { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } } },
  { is: 'dpop_proof_invalid', it: 'crit',                            header: { crit: ['jwk'] } },
  { is: 'token_not_bound',    it: 'the proof of another caller',     header: { jwk: publicJwk(stranger) }, key: stranger.privateKey },
  { is: 'token_not_bound',    it: 'a bound token as Bearer',         scheme: 'Bearer' },
  { is: 'token_not_bound',    it: 'a bound token as Bearer, no proof', scheme: 'Bearer', field: () => undefined },
  { is: 'token_not_bound',    it: 'an unbound token as DPoP',        token: () => tokenOf(issuer.url) },
  { is: 'token_not_bound',    it: 'an unbound token where it must be', token: () => tokenOf(issuer.url), route: 'dpop', scheme: 'Bearer' },
  { is: 'token_malformed',    it: 'bound to a list',                 token: () => tokenOf(issuer.url, { claims: { cnf: { jkt: [jkt] } } }) },
  { is: 'token_not_bound',    it: 'bound to this key and another way', token: () => tokenOf(issuer.url, { claims: { cnf: { jkt, 'x5t#S256': 'x' } } }) },
];

describe(`${ROWS.length} proofs`, () => {
  for (const row of ROWS) {
    it(`${row.it}: ${row.is}`, async () => {
      const token = (row.token ?? boundToken)();
      const proof = proofOf(token, row);
      const dpop = row.field === undefined ? proof : row.field(proof);
      const authorization = `${row.scheme ?? 'DPoP'} ${token}`;
      const found = await ask(authenticator, {
        ...(dpop === undefined ? {} : { dpop }),
        url: URL_ASKED,
        route: row.route ?? 'plain',
        authorization,
      });
      assert.equal(outcomeOf(found), row.is, JSON.stringify(found));
    });
  }

  it('are asked for every time: nothing is remembered', async () => {
    const token = boundToken();
    const asked = { authorization: `DPoP ${token}`, dpop: proofOf(token) };
    const found = await ask(authenticator, asked);
    assert.ok(found.kind === 'accepted');
    assert.equal(found.rememberUntilMs, null);
  });
});

describe('a proof', () => {
  it('counts once, also when it comes twice at the same time', async () => {
    const token = boundToken();
    const asked = { authorization: `DPoP ${token}`, dpop: proofOf(token) };
    const found = await Promise.all([1, 2, 3].map(() => ask(authenticator, asked)));
    const outcomes = found.map(outcomeOf).toSorted();
    assert.deepEqual(outcomes, ['accepted', 'dpop_proof_invalid', 'dpop_proof_invalid']);
  });

  it('counts once within all of its window', async () => {
    const token = boundToken();
    const authorization = `DPoP ${token}`;
    const dpop = proofOf(token, { claims: { iat: NOW_S + 200 } });
    const outcomes: string[] = [];
    for (const seconds of [140, 200, 259, 260]) {
      const found = await ask(authenticator, {
        authorization,
        dpop,
        nowMs: NOW_MS + seconds * 1000,
      });
      outcomes.push(outcomeOf(found));
    }
    assert.deepEqual(outcomes, ['accepted', ...Array<string>(3).fill('dpop_proof_invalid')]);
  });

  it('that was refused for another reason is not used up', async () => {
    const token = boundToken();
    const asked = { authorization: `DPoP ${token}`, dpop: proofOf(token) };
    assert.equal(
      outcomeOf(await ask(authenticator, { ...asked, method: 'POST' })),
      'dpop_proof_invalid',
    );
    assert.equal(outcomeOf(await ask(authenticator, asked)), 'accepted');
  });

  it('is refused when no more can be remembered', async () => {
    const small = openAuthenticator(modelOf(yamlOf(issuer.url, 'replaysMax: 1000')));
    const token = boundToken();
    const outcomes = new Map<string, number>();
    for (let count = 0; count < 1001; count += 1) {
      const asked = { authorization: `DPoP ${token}`, dpop: proofOf(token) };
      const outcome = outcomeOf(await ask(small, asked));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    assert.deepEqual(Object.fromEntries(outcomes), { accepted: 1000, overloaded: 1 });
    await small.close();
  });

  it('is asked for in the challenge', async () => {
    const found = await ask(authenticator, { route: 'dpop' });
    assert.ok(found.kind === 'refused');
    assert.match(found.wwwAuthenticate.join(), /^DPoP realm="stoa", algs="ES256 [^"]+"$/);
  });
});

describe('a nonce', () => {
  it('is told, counts with this worker alone, and gets old', async () => {
    const model = modelOf(yamlOf(issuer.url, 'nonce: true'));
    const [first, second] = [openAuthenticator(model), openAuthenticator(model)];
    const token = boundToken();
    const authorization = `DPoP ${token}`;
    const refused = await ask(first, { authorization, dpop: proofOf(token) });
    assert.ok(refused.kind === 'refused');
    assert.equal(refused.code, 'dpop_nonce_required');
    assert.match(refused.wwwAuthenticate.join(), /error="use_dpop_nonce"/);
    const nonce = refused.dpopNonce;
    assert.ok(nonce !== null);

    const outcome = async (worker: Authenticator, seconds = 0): Promise<string> => {
      const dpop = proofOf(token, { claims: { nonce, iat: NOW_S + seconds } });
      const nowMs = NOW_MS + seconds * 1000;
      return outcomeOf(await ask(worker, { authorization, dpop, nowMs }));
    };
    assert.equal(await outcome(first), 'accepted');
    assert.equal(await outcome(second), 'dpop_nonce_required');
    assert.equal(await outcome(first, 59), 'accepted');
    assert.equal(await outcome(first, 120), 'dpop_nonce_required');
    await Promise.all([first.close(), second.close()]);
  });
});
