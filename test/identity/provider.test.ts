/**
 * Tokens of an OpenID provider that nobody here wrote: discovery, keys, RFC 9068 tokens, DPoP.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Provider } from 'oidc-provider';

import { type Authenticator, openAuthenticator } from '../../src/identity/authenticate.ts';
import { compact, ecPair, publicJwk, rsaPair } from '../support/token-issuer.ts';
import { ask, modelOf, outcomeOf, routeOf } from './stage.ts';

const caller = ecPair('P-256');
const KEY = rsaPair().privateKey;
const SECRET = 'a secret of this test';
const URL_ASKED = 'https://api.test/orders';

let server: Server;
let issuer: string;
let authenticator: Authenticator;
before(async () => {
  server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on('request', new Provider(issuer, configuration()).callback());
  const yaml = `
identity: { issuers: { idp: { issuer: "${issuer}", types: [at+jwt], audiences: [api] } } }
routes:
${routeOf('plain', '{ scopes: ["orders:read"], headers: { x-client: client_id } }')}
${routeOf('write', '{ scopes: ["orders:write"] }')}
`;
  authenticator = openAuthenticator(modelOf(yaml));
});
after(async () => {
  await authenticator.close();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

function configuration(): object {
  const client = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  return {
    clients: [{ client_id: 'app', client_secret: SECRET, ...client }],
    jwks: { keys: [{ ...KEY.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] },
    scopes: ['orders:read', 'orders:write'],
    ttl: { ClientCredentials: 600 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:orders',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'orders:read orders:write',
          audience: 'api',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  };
}

async function tokenFor(scope: string, headers: Record<string, string> = {}): Promise<string> {
  const credentials = Buffer.from(`app:${encodeURIComponent(SECRET)}`).toString('base64');
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}`, ...headers },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  });
  const answer = (await response.json()) as { readonly access_token?: string };
  assert.ok(answer.access_token !== undefined, JSON.stringify(answer));
  return answer.access_token;
}

function proofFor(method: string, url: string, token?: string): string {
  const ath =
    token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicJwk(caller) };
  const claims = {
    jti: `${method} ${url}`,
    htm: method,
    htu: url,
    iat: Math.floor(Date.now() / 1000),
  };
  return compact(header, { ...claims, ...ath }, { algorithm: 'ES256', key: caller.privateKey });
}

describe('a token of a real provider', () => {
  it('says who calls', async () => {
    const authorization = `Bearer ${await tokenFor('orders:read')}`;
    const nowMs = Date.now();
    const found = await ask(authenticator, { authorization, nowMs });
    assert.ok(found.kind === 'accepted', JSON.stringify(found));
    assert.equal(found.identity.consumer, 'app');
    assert.deepEqual(found.identity.scopes, ['orders:read']);
    assert.deepEqual(found.identity.headers, [['x-client', 'app']]);
    assert.ok((found.rememberUntilMs ?? 0) > nowMs);
    assert.equal(
      outcomeOf(await ask(authenticator, { authorization, nowMs, route: 'write' })),
      'insufficient_scope',
    );
  });

  it('that is bound to a key counts with proofs of that key alone', async () => {
    const token = await tokenFor('orders:read', { dpop: proofFor('POST', `${issuer}/token`) });
    const asked = { authorization: `DPoP ${token}`, url: URL_ASKED, nowMs: Date.now() };
    const dpop = proofFor('GET', URL_ASKED, token);
    assert.equal(outcomeOf(await ask(authenticator, { ...asked, dpop })), 'accepted');
    assert.equal(outcomeOf(await ask(authenticator, { ...asked, dpop })), 'dpop_proof_invalid');
    assert.equal(outcomeOf(await ask(authenticator, asked)), 'dpop_proof_invalid');
    const authorization = `Bearer ${token}`;
    assert.equal(
      outcomeOf(await ask(authenticator, { ...asked, authorization })),
      'token_not_bound',
    );
  });
});
