/**
 * What callers and upstreams are told: challenges of refusals, identities of tokens.
 *
 * Source: RFC 6750 §3, RFC 9728 §5.1, RFC 9110 §5.5.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as fc from 'fast-check';

import type { Authentication, Authenticator } from '../../src/identity/authenticate.ts';
import type { Jwk, TokenIssuer } from '../support/token-issuer.ts';
import { ask, NOW_S, openStage, outcomeOf, routeOf, tokenOf } from './stage.ts';

let issuer: TokenIssuer;
let authenticator: Authenticator;
before(async () => {
  ({ issuer, authenticator } = await openStage(
    (url) => `
identity: { issuers: { idp: { issuer: "${url}", audiences: [api], claims: { tenant: org.id } } } }
routes:
${routeOf('plain', '{}')}
${routeOf('rights', '{ scopes: ["orders:read", write], resourceMetadata: "https://api.test/.well-known/oauth-protected-resource" }')}
${routeOf('headers', '{ headers: { X-User: sub, x-roles: realm_access.roles, x-name: name, x-url: "https://a.test/x.y" } }')}
`,
  ));
});
after(async () => {
  await authenticator.close();
  await issuer.stop();
});

function answer(route: string, claims: Jwk | null): Promise<Authentication> {
  const field = claims && { authorization: `Bearer ${tokenOf(issuer.url, { claims })}` };
  return ask(authenticator, { route, ...field });
}

async function challengesOf(route: string, claims: Jwk | null): Promise<readonly string[]> {
  const found = await answer(route, claims);
  return found.kind === 'refused' ? [String(found.status), ...found.wwwAuthenticate] : [];
}

async function identityOf(route: string, claims: Jwk): Promise<Jwk> {
  const found = await answer(route, claims);
  assert.ok(found.kind === 'accepted', JSON.stringify(found));
  return { ...found.identity };
}

const METADATA = 'resource_metadata="https://api.test/.well-known/oauth-protected-resource"';

describe('a challenge', () => {
  it('says nothing of an error where there was no token', async () => {
    assert.deepEqual(await challengesOf('plain', null), ['401', 'Bearer realm="stoa"']);
    assert.deepEqual(await challengesOf('rights', null), [
      '401',
      `Bearer realm="stoa", scope="orders:read write", ${METADATA}`,
    ]);
  });

  it('says that a token is of no use', async () => {
    assert.deepEqual(await challengesOf('rights', { exp: 1 }), [
      '401',
      `Bearer realm="stoa", error="invalid_token", error_description="the token has expired", ${METADATA}`,
    ]);
  });

  it('names the scopes that are needed', async () => {
    assert.deepEqual(await challengesOf('rights', { scope: 'write' }), [
      '403',
      `Bearer realm="stoa", error="insufficient_scope", error_description="the token does not have every scope of this route", scope="orders:read write", ${METADATA}`,
    ]);
  });

  it('never holds anything of a token, and always one line', async () => {
    const token = fc.oneof(
      fc.string(),
      fc.base64String().map((text) => `Bearer ${text}`),
    );
    await fc.assert(
      fc.asyncProperty(token, fc.string(), async (authorization, more) => {
        const claims = tokenOf(issuer.url, { claims: { iss: `secret-${more}` } });
        for (const field of [authorization, `Bearer ${claims}`]) {
          const found = await ask(authenticator, { route: 'rights', authorization: field });
          assert.ok(found.kind === 'refused');
          assert.match(found.wwwAuthenticate.join('\n'), /^[\x20-\x7e]+$/);
          assert.ok(!JSON.stringify(found).includes('secret-'));
        }
      }),
    );
  });
});

describe('an identity', () => {
  it('is what the claims say', async () => {
    const claims = { azp: 'shop', org: { id: 'acme' }, plan: 'gold', scope: 'a  b' };
    assert.deepEqual(await identityOf('plain', claims), {
      consumer: 'shop',
      tenant: 'acme',
      plan: 'gold',
      scopes: ['a', 'b'],
      headers: [],
    });
  });

  it('has the consumer’s name for a tenant that is not said', async () => {
    const { consumer, tenant, plan } = await identityOf('plain', { client_id: 'app' });
    assert.deepEqual([consumer, tenant, plan], ['app', 'app', null]);
  });

  for (const claim of ['', 'a b', 'a,b', 'é', 'x'.repeat(257), ['a'], { a: 1 }, true]) {
    it(`is nobody’s whose name is ${JSON.stringify(claim).slice(0, 12)}`, async () => {
      assert.equal(outcomeOf(await answer('plain', { azp: claim })), 'claims_refused');
      assert.equal(outcomeOf(await answer('plain', { plan: claim })), 'claims_refused');
    });
  }
});

describe('headers for the upstream', () => {
  it('hold claims, lists as JSON, and nothing for a claim that is not there', async () => {
    const claims = { sub: 'u1', realm_access: { roles: ['a', 'b'] }, 'https://a.test/x.y': 7 };
    const { headers } = await identityOf('headers', claims);
    assert.deepEqual(headers, [
      ['x-user', 'u1'],
      ['x-roles', '["a","b"]'],
      ['x-url', '7'],
    ]);
  });

  it('never end their line, and are no JSON that the issuer did not mean', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (name) => {
        const { headers } = await identityOf('headers', { name });
        assert.ok(Array.isArray(headers));
        const value = String(headers.at(-1)?.[1]);
        assert.match(value, /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/);
        assert.equal(
          /^["[{]/.test(value) ? JSON.parse(value) : value,
          Buffer.from(name).toString(),
        );
      }),
    );
  });

  it('hold no list that the issuer meant as text', async () => {
    const { headers } = await identityOf('headers', { azp: 'app', sub: '["admin"]', name: '{}' });
    assert.deepEqual(headers, [
      ['x-user', String.raw`"[\"admin\"]"`],
      ['x-name', '"{}"'],
    ]);
  });

  it('are not cut: a token with a long claim is refused', async () => {
    const long = { name: 'x'.repeat(4097), exp: NOW_S + 1 };
    assert.equal(outcomeOf(await answer('headers', long)), 'claims_refused');
  });
});
