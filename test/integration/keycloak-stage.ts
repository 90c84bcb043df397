/**
 * What the tests with Keycloak stand on: the example's realm with a client more, a gateway before it, and tokens signed by keys
 * of the test.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import type { Issuer } from '../../src/identity/key-source.ts';
import { PROJECT } from '../support/gateway.ts';
import { compact, type Pair } from '../support/token-issuer.ts';

const REALM = join(PROJECT, 'examples/keycloak-opa-kafka/stoa-realm.json');
export const REFRESH_MS = 3000;
export const STALE_MS = 12_000;
export const COOLDOWN_MS = 500;
export const CACHE_MS = 2000;
/** Lifetime of a token of the client `brief`. */
export const BRIEF_S = 2;
export const READ = { client: 'acme-shop', scope: 'orders:read' };

interface RealmFile {
  readonly realm: string;
  readonly clients: readonly { readonly clientId: string }[];
  readonly users: readonly unknown[];
  readonly scopeMappings: readonly unknown[];
}

/** The example's, and a client whose tokens end soon. */
export function realmOfTest(): RealmFile {
  const realm = JSON.parse(readFileSync(REALM, 'utf8')) as RealmFile;
  const [acme] = realm.clients;
  const attributes = { 'access.token.lifespan': String(BRIEF_S) };
  const brief = { ...acme, clientId: 'brief', secret: 'brief-secret', attributes };
  const scopeMappings = [...realm.scopeMappings, { client: 'brief', roles: ['orders-reader'] }];
  const user = { username: 'service-account-brief', serviceAccountClientId: 'brief' };
  const users = [...realm.users, { ...user, enabled: true, realmRoles: ['orders-reader'] }];
  return { ...realm, clients: [...realm.clients, brief], scopeMappings, users };
}

/** A gateway that believes the realm, and asks it about opaque tokens; `folder` has the secret. */
export const yaml = (upstream: string, introspectionUrl: string, folder: string) => `
identity:
  issuers:
    keycloak:
      audiences: [orders-api]
      clockSkewMs: 0
      claims: { consumer: azp, tenant: tenant, plan: plan }
      keys: { refreshMs: ${REFRESH_MS}, staleMs: ${STALE_MS}, cooldownMs: ${COOLDOWN_MS}, timeoutMs: 2000 }
      introspection: { url: "${introspectionUrl}", clientId: gateway, clientSecretFile: "${folder}/secret", cacheMs: ${CACHE_MS} }
upstreams: { up: { endpoints: [{ url: "${upstream}" }] } }
routes:
  - name: write
    match: { path: "/orders/*", methods: [POST] }
    upstream: up
    auth: { jwt: { scopes: ["orders:write"], claims: { typ: Bearer }, headers: { x-user: sub } } }
  - name: read
    match: { path: "/orders/*" }
    upstream: up
    auth: { jwt: { scopes: ["orders:read"], claims: { typ: Bearer }, headers: { x-user: sub, x-plan: plan, x-roles: realm_access.roles } } }
    request: { headers: { set: { x-consumer: "\${consumer}", x-tenant: "\${tenant}" } } }
`;

/** What the gateway believes of Keycloak by this configuration. */
export function issuerOf(text: string, keycloakUrl: string): Issuer {
  const options = { file: 'gateway.yaml', baseDir: '/', env: { KEYCLOAK_URL: keycloakUrl } };
  const loaded = parseConfig(`version: 1\n${text}`, options);
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n'));
  const issuer = loaded.model.identity.issuers['keycloak'];
  assert.ok(issuer);
  return issuer;
}

export function kidIn(token: string): unknown {
  const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString();
  return (JSON.parse(header) as { kid: unknown }).kid;
}

/** As Keycloak would sign it, by a key of the test that Keycloak was given. */
export function signed(like: string, { privateKey }: Pair, kid: unknown): string {
  const claims = JSON.parse(Buffer.from(like.split('.')[1] ?? '', 'base64url').toString());
  const header = { alg: 'RS256', typ: 'JWT', kid };
  return compact(header, claims, { algorithm: 'RS256', key: privateKey });
}

export function pem({ privateKey }: Pair): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
