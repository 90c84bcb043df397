/**
 * The keys of an issuer over time: found, rotated, gone, slow, hostile. Nobody gets in who should not.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { type Authenticator, openAuthenticator } from '../../src/identity/authenticate.ts';
import { publicJwk, TokenIssuer } from '../support/token-issuer.ts';
import {
  ask,
  KEYS,
  modelOf,
  NOW_MS,
  NOW_S,
  otherRsa,
  outcomeOf,
  routeOf,
  tokenOf,
} from './stage.ts';

const NEXT = publicJwk(otherRsa, { kid: 'next' });
const open: Authenticator[] = [];
const events: string[] = [];
const reasons: string[] = [];
let issuer: TokenIssuer;
beforeEach(async () => {
  issuer = await TokenIssuer.start('/realms/one');
  issuer.keys = [...KEYS];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  events.splice(0);
  reasons.splice(0);
  await issuer.stop();
});

/** With short times: 10 s fresh, 1 s between fetches, 100 s without the issuer. */
function believe(more = '', timeoutMs = 20_000): Authenticator {
  const keys = `{ refreshMs: 10000, cooldownMs: 1000, staleMs: 100000, timeoutMs: ${timeoutMs} }`;
  const yaml = `
identity: { issuers: { idp: { issuer: "${issuer.url}", audiences: [api], keys: ${keys} ${more} } } }
routes:
${routeOf('plain', '{}')}`;
  const one = openAuthenticator(modelOf(yaml), (name, event) => {
    events.push(`${name} ${event.kind}`);
    if (event.kind === 'failing') reasons.push(event.reason);
  });
  open.push(one);
  return one;
}

async function outcome(authenticator: Authenticator, seconds = 0, kid = 'r1'): Promise<string> {
  const claims = { iat: NOW_S, exp: NOW_S + 100_000 };
  const authorization = `Bearer ${tokenOf(issuer.url, { header: { kid }, claims })}`;
  const found = await ask(authenticator, { authorization, nowMs: NOW_MS + seconds * 1000 });
  return outcomeOf(found);
}

describe('keys are found', () => {
  it('by OpenID’s discovery', async () => {
    assert.equal(await outcome(believe()), 'accepted');
    assert.deepEqual(issuer.requests, ['/realms/one/.well-known/openid-configuration', '/jwks']);
  });

  it('by RFC 8414’s', async () => {
    issuer.isOauthOnly = true;
    assert.equal(await outcome(believe()), 'accepted');
  });

  it('where the configuration says', async () => {
    const { origin } = new URL(issuer.url);
    assert.equal(await outcome(believe(`, jwksUrl: "${origin}/jwks"`)), 'accepted');
    assert.deepEqual(issuer.requests, ['/jwks']);
  });

  it('in a file, which is read again when it is old', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-keys-'));
    const file = join(folder, 'keys.json');
    writeFileSync(file, JSON.stringify({ keys: KEYS }));
    const authenticator = believe(`, jwksFile: "${file}"`);
    assert.equal(await outcome(authenticator), 'accepted');
    writeFileSync(file, JSON.stringify({ keys: [NEXT] }));
    assert.equal(await outcome(authenticator, 10), 'token_not_trusted');
    assert.equal(await outcome(authenticator, 10, 'next'), 'accepted');
    assert.deepEqual(issuer.requests, []);
    rmSync(folder, { recursive: true });
  });

  it('once, by however many ask at once', async () => {
    const authenticator = believe();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(authenticator)));
    assert.deepEqual(new Set(outcomes), new Set(['accepted']));
    assert.equal(issuer.requests.length, 2);
  });
});

describe('keys that are not there', () => {
  it('let nobody in, and those in who wait', async () => {
    issuer.behaviour = 'error';
    const authenticator = believe();
    assert.equal(await outcome(authenticator), 'issuer_unavailable');
    issuer.behaviour = 'ok';
    assert.equal(await outcome(authenticator, 0.5), 'issuer_unavailable');
    assert.equal(await outcome(authenticator, 1), 'accepted');
    assert.deepEqual(events, ['idp failing', 'idp recovered']);
  });

  // Nothing but the time ends the second.
  const bad = [
    ['error', 20_000],
    ['hang', 300],
    ['endless', 20_000],
    ['redirect', 20_000],
    ['garbage', 20_000],
  ] as const;
  for (const [behaviour, timeoutMs] of bad) {
    it(`because of an issuer that answers with ${behaviour} let nobody in`, async () => {
      issuer.behaviour = behaviour;
      const { origin } = new URL(issuer.url);
      const jwksUrl = `, jwksUrl: "${origin}/jwks"`;
      assert.equal(await outcome(believe(jwksUrl, timeoutMs)), 'issuer_unavailable');
    });
  }

  // biome-ignore format: a table is read by column.
  const documents = [
    { it: 'of another issuer',          discovery: { issuer: 'https://evil.test' }, says: 'discovery: the document is of another issuer' },
    { it: 'without the place of keys',  discovery: { jwks_uri: undefined }, says: 'discovery: no jwks_uri' },
    { it: 'with keys over plain http',  discovery: { jwks_uri: 'http://192.0.2.1/jwks' }, says: 'discovery: jwks_uri is plain http' },
    { it: 'with keys in a file',        discovery: { jwks_uri: 'file:///etc/passwd' }, says: 'discovery: no jwks_uri' },
  ];
  for (const { it: what, discovery, says } of documents) {
    it(`because of a discovery document ${what} let nobody in`, async () => {
      issuer.discovery = discovery;
      assert.equal(await outcome(believe()), 'issuer_unavailable');
      assert.deepEqual(reasons, [says]);
    });
  }

  it('because there are none let nobody in', async () => {
    issuer.keys = [];
    assert.notEqual(await outcome(believe()), 'accepted');
  });
});

describe('keys that change', () => {
  it('are fetched when a token names a new one', async () => {
    const authenticator = believe();
    assert.equal(await outcome(authenticator), 'accepted');
    issuer.keys = [NEXT];
    assert.equal(await outcome(authenticator, 2, 'next'), 'accepted');
    assert.equal(await outcome(authenticator, 2), 'token_not_trusted');
  });

  it('are fetched once in a while, whatever tokens name', async () => {
    const authenticator = believe();
    await outcome(authenticator);
    for (let count = 0; count < 20; count += 1) {
      assert.equal(await outcome(authenticator, 0.9, `made-up-${count}`), 'token_not_trusted');
    }
    assert.equal(issuer.requests.length, 2);
    await outcome(authenticator, 1, 'made-up');
    assert.equal(issuer.requests.length, 4);
  });

  it('that were withdrawn count no longer than they are fresh', async () => {
    const authenticator = believe();
    assert.equal(await outcome(authenticator), 'accepted');
    issuer.keys = [NEXT];
    assert.equal(await outcome(authenticator, 9), 'accepted');
    assert.equal(await outcome(authenticator, 10), 'token_not_trusted');
  });
});

describe('while the issuer is away', () => {
  it('its keys count as long as is said, then nobody gets in', async () => {
    const authenticator = believe();
    assert.equal(await outcome(authenticator), 'accepted');
    issuer.behaviour = 'error';
    assert.equal(await outcome(authenticator, 10), 'accepted');
    assert.equal(await outcome(authenticator, 109), 'accepted');
    assert.equal(await outcome(authenticator, 110), 'issuer_unavailable');
    issuer.behaviour = 'ok';
    assert.equal(await outcome(authenticator, 112), 'accepted');
    assert.deepEqual(events, ['idp failing', 'idp recovered']);
  });

  it('nobody can say of a new key whether it is its', async () => {
    const authenticator = believe();
    await outcome(authenticator);
    issuer.behaviour = 'error';
    assert.equal(await outcome(authenticator, 2, 'next'), 'issuer_unavailable');
    assert.equal(await outcome(authenticator, 2), 'accepted');
  });

  it('a clock that goes back makes keys old, not fresh for ever', async () => {
    const authenticator = believe();
    await outcome(authenticator, 50);
    issuer.keys = [NEXT];
    assert.equal(await outcome(authenticator, 0), 'token_not_trusted');
  });
});

it('a closed authenticator fetches nothing any more', async () => {
  issuer.behaviour = 'hang';
  const authenticator = believe();
  const waiting = outcome(authenticator);
  await authenticator.close();
  assert.equal(await waiting, 'issuer_unavailable');
  const before = issuer.requests.length;
  assert.equal(await outcome(authenticator, 100), 'issuer_unavailable');
  assert.equal(issuer.requests.length, before);
});
