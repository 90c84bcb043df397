/**
 * A real Keycloak before a real gateway: its tokens, its keys as they change, its outages, its word on a token.
 *
 * The realm is the example's; the times of keys are short, so that they pass.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';

import { sleep, until } from '../../arena/host/wait.ts';
import { Introspection } from '../../src/identity/introspection.ts';
import { memberOf } from '../../src/identity/strict-json.ts';
import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { valuesOf } from '../support/http1.ts';
import { Keycloak, keycloakMissing } from '../support/keycloak.ts';
import { type Answer, call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { type Pair, rsaPair } from '../support/token-issuer.ts';
import {
  BRIEF_S,
  CACHE_MS,
  COOLDOWN_MS,
  issuerOf,
  kidIn,
  pem,
  READ,
  realmOfTest,
  REFRESH_MS,
  signed,
  STALE_MS,
  yaml,
} from './keycloak-stage.ts';

describe('Keycloak', { skip: keycloakMissing() ?? false }, () => {
  let keycloak: Keycloak;
  let upstream: RecordingUpstream;
  let gateway: Gateway;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-introspection-'));
    writeFileSync(join(folder, 'secret'), 'gateway-secret');
    upstream = await RecordingUpstream.start();
    keycloak = await Keycloak.start(realmOfTest());
    const env = { KEYCLOAK_URL: keycloak.url, KEYCLOAK_REALM: '' };
    gateway = await startGateway(yaml(upstream.url, introspectionUrl(), folder), { env });
  });
  beforeEach(() => upstream.forget());
  after(async () => {
    await stopAll(gateway, upstream, keycloak);
    rmSync(folder, { recursive: true });
  });

  function introspectionUrl(): string {
    return `${keycloak.issuer}/protocol/openid-connect/token/introspect`;
  }

  async function ask(token: string, line = 'GET /orders/1'): Promise<Answer> {
    const body = line.startsWith('POST') ? { body: 'an order' } : {};
    return call(gateway.port, line, { headers: { authorization: `Bearer ${token}` }, ...body });
  }

  /** `accepted`, or the code of the problem. */
  async function outcome(token: string, line?: string): Promise<string> {
    const answer = await ask(token, line);
    return answer.status === 200 ? 'accepted' : (answer.problem ?? String(answer.status));
  }

  const sent = (name: string): string | undefined => valuesOf(upstream.last.fields, name)[0];

  async function giveKey(providerId: string, config: Record<string, string>): Promise<string> {
    const answer = await keycloak.admin('POST', 'components', {
      name: `key-${Date.now()}`,
      providerId,
      providerType: 'org.keycloak.keys.KeyProvider',
      config: Object.fromEntries(Object.entries(config).map(([name, value]) => [name, [value]])),
    });
    return new URL(answer.headers.get('location') ?? '').pathname.split('/').at(-1) ?? '';
  }

  async function kidOf({ publicKey }: Pair): Promise<unknown> {
    const { n } = publicKey.export({ format: 'jwk' });
    return (await keycloak.keys()).find((key) => key['n'] === n)?.['kid'];
  }

  describe('in one step, by KEYCLOAK_URL', () => {
    it('lets in who has a token, and says who that is', async () => {
      const token = await keycloak.token(READ);
      assert.equal(await outcome(token), 'accepted');
      assert.match(sent('x-user') ?? '', /^[0-9a-f-]{36}$/);
      assert.deepEqual(['x-consumer', 'x-tenant', 'x-plan', 'x-roles', 'authorization'].map(sent), [
        'acme-shop',
        'acme',
        'gold',
        '["orders-reader","orders-writer"]',
        undefined,
      ]);
    });

    it('lets a user do what the user’s role is good for', async () => {
      const scope = 'orders:read orders:write';
      const alice = await keycloak.token({ client: 'acme-shop', user: 'alice', scope });
      const bob = await keycloak.token({ client: 'acme-shop', user: 'bob', scope });
      assert.equal(await outcome(alice, 'POST /orders/1'), 'accepted');
      assert.equal(await outcome(bob), 'accepted');
      assert.equal(await outcome(bob, 'POST /orders/1'), 'insufficient_scope');
    });

    it('refuses tokens for somebody else', async () => {
      const token = await keycloak.token({ ...READ, client: 'elsewhere' });
      assert.equal(await outcome(token), 'token_not_trusted');
    });

    it('refuses a token that has ended, though it was known', async () => {
      const token = await keycloak.token({ ...READ, client: 'brief' });
      assert.equal(await outcome(token), 'accepted');
      await sleep((BRIEF_S + 1) * 1000);
      assert.equal(await outcome(token), 'token_expired');
      assert.match((await ask(token)).header('www-authenticate') ?? '', /error="invalid_token"/);
    });

    it('takes neither an ID token nor a refresh token for an access token', async () => {
      const scope = 'openid orders:read';
      const tokens = await keycloak.tokens({ client: 'acme-shop', user: 'alice', scope });
      const others = [tokens.refresh_token, (tokens as { id_token?: string }).id_token];
      for (const other of others) {
        assert.ok(other !== undefined);
        assert.notEqual(await outcome(other), 'accepted');
      }
      assert.equal(upstream.requests.length, 0);
    });
  });

  describe('its keys', () => {
    it('count for signatures where they are for signatures, never where they are for encryption', async () => {
      const [forSigning, forEncryption] = [rsaPair(), rsaPair()];
      // Of low priority: Keycloak itself goes on with its own.
      const low = { priority: '1', enabled: 'true', active: 'true' };
      const given = [
        await giveKey('rsa', { ...low, algorithm: 'RS256', privateKey: pem(forSigning) }),
        await giveKey('rsa-enc', { ...low, algorithm: 'RSA-OAEP', privateKey: pem(forEncryption) }),
      ];
      const like = await keycloak.token(READ);
      const encryptionKid = await kidOf(forEncryption);
      const published = (await keycloak.keys()).find(({ kid }) => kid === encryptionKid);
      assert.deepEqual([published?.['use'], published?.['alg']], ['enc', 'RSA-OAEP']);
      await sleep(COOLDOWN_MS);
      assert.equal(await outcome(signed(like, forSigning, await kidOf(forSigning))), 'accepted');
      assert.equal(await outcome(signed(like, forEncryption, encryptionKid)), 'token_not_trusted');
      for (const id of given) await keycloak.admin('DELETE', `components/${id}`);
    });

    it('are fetched when a token names a new one, and end when it is withdrawn and they are old', async () => {
      // Never shown to the gateway before the key is gone: what it knows counts until it ends.
      const unseen = await Promise.all(Array.from({ length: 60 }, () => keycloak.token(READ)));
      const known = await keycloak.token(READ);
      assert.equal(await outcome(known), 'accepted');

      const generated = { priority: '200', algorithm: 'RS256', enabled: 'true', active: 'true' };
      await giveKey('rsa-generated', generated);
      const next = await keycloak.token(READ);
      assert.notEqual(kidIn(next), kidIn(known));
      await sleep(COOLDOWN_MS);
      assert.equal(await outcome(next), 'accepted');
      assert.equal(await outcome(unseen.pop() ?? ''), 'accepted');

      const components = await keycloak.admin('GET', 'components?name=rsa-generated');
      const [old] = (await components.json()) as readonly { readonly id: string }[];
      await keycloak.admin('DELETE', `components/${old?.id}`);
      const withdrawnMs = Date.now();
      await until(
        'the old key counts no more',
        async () => (await outcome(unseen.pop() ?? '')) === 'token_not_trusted' || sleep(100),
        REFRESH_MS + COOLDOWN_MS + 5000,
      );
      assert.ok(Date.now() - withdrawnMs < REFRESH_MS + COOLDOWN_MS + 5000);
      assert.equal(await outcome(unseen.pop() ?? ''), 'token_not_trusted');
      assert.equal(await outcome(await keycloak.token(READ)), 'accepted');
      assert.equal(await outcome(known), 'accepted', 'verified once, known until it ends');
    });
  });

  describe('its word on a token', () => {
    it('is asked for one that says nothing itself, and nobody gets in by one that it does not know', async () => {
      assert.equal(await outcome('an-opaque-token-of-nobody'), 'token_not_trusted');
    });

    it('changes when a session ends; what was verified by its keys counts until it expires', async () => {
      const tokens = await keycloak.tokens({ ...READ, user: 'alice' });
      const asked = (secret = 'gateway-secret'): Introspection => {
        writeFileSync(join(folder, 'secret'), secret);
        const text = yaml(upstream.url, introspectionUrl(), folder);
        const issuer = issuerOf(text, keycloak.url);
        assert.ok(issuer.introspection);
        return new Introspection(issuer, issuer.introspection);
      };
      const nowMs = Date.now();
      const introspection = asked();
      const active = await introspection.ask(tokens.access_token, nowMs);
      assert.ok('claims' in active, JSON.stringify(active));
      assert.equal(memberOf(active.claims, 'azp'), 'acme-shop');
      assert.equal(await outcome(tokens.access_token), 'accepted');

      const form = { refresh_token: tokens.refresh_token ?? '' };
      await keycloak.asClient('acme-shop', 'logout', form);
      const within = await introspection.ask(tokens.access_token, nowMs + CACHE_MS - 1);
      assert.ok('claims' in within, 'an answer counts for cacheMs');
      const behind = await introspection.ask(tokens.access_token, nowMs + CACHE_MS);
      assert.ok('refused' in behind && behind.refused === 'token_not_trusted');
      assert.equal(await outcome(tokens.access_token), 'accepted');

      const unknown = await asked('another-secret').ask(tokens.access_token, nowMs);
      assert.ok('refused' in unknown && unknown.refused === 'issuer_unavailable');
    });
  });

  it('may be away: known keys count for the stated time, then nobody gets in; back again, all is well', async () => {
    const unseen = await Promise.all(Array.from({ length: 80 }, () => keycloak.token(READ)));
    assert.equal(await outcome(unseen.pop() ?? ''), 'accepted');
    await keycloak.end();
    assert.equal(await outcome(unseen.pop() ?? ''), 'accepted');
    assert.equal(await outcome('an-opaque-token-of-somebody'), 'issuer_unavailable');
    await until(
      'its keys are too old',
      async () => (await outcome(unseen.pop() ?? '')) === 'issuer_unavailable' || sleep(300),
      REFRESH_MS + STALE_MS + 5000,
    );
    const left = unseen.pop() ?? '';
    assert.equal(await outcome(left), 'issuer_unavailable');
    await keycloak.run();
    await sleep(COOLDOWN_MS);
    assert.equal(await outcome(left), 'accepted');
    assert.equal(await outcome(await keycloak.token(READ)), 'accepted');
    assert.equal(await outcome('an-opaque-token-of-somebody'), 'token_not_trusted');
  });
});
