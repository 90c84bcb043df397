/**
 * What the benchmark of policies asks: roles by method, of a request with ten fields and a token.
 *
 * @module
 */

import { join } from 'node:path';

import { Config } from '../../src/config/schema.ts';
import type { RequestParts } from '../../src/policy/input.ts';
import { openPolicies, type Policies } from '../../src/policy/policies.ts';

const RULES = join(import.meta.dirname, '../../../test/policy/rules');
export const ROLES = { files: [join(RULES, 'roles.rego')], data: [join(RULES, 'data.json')] };
export const ENTRYPOINT = 'cases/roles/decision';

/** A request whose input is about a kilobyte as JSON. */
export const PARTS: RequestParts = {
  id: '01JDQ4T8Z9V2N6R3M5K7W1X0Y4',
  method: 'GET',
  scheme: 'https',
  host: 'api.test:443',
  path: '/v1/orders/7',
  query: '?expand=lines',
  headers: [
    ['host', 'api.test:443'],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
    ['accept', 'application/json, text/plain, */*'],
    ['accept-encoding', 'gzip, deflate, br'],
    ['accept-language', 'en-US,en;q=0.5'],
    ['x-request-id', '01JDQ4T8Z9V2N6R3M5K7W1X0Y4'],
    ['x-forwarded-for', '192.0.2.7'],
    ['content-type', 'application/json'],
    ['cache-control', 'no-cache'],
    ['authorization', 'Bearer of.a.token'],
  ],
  keyHeader: 'x-api-key',
  body: null,
  route: 'orders',
  consumer: 'ann',
  tenant: 'acme',
  plan: 'gold',
  claims: {
    iss: 'https://id.test/realms/stoa',
    sub: '7a1f4c1e-0f0e-4f55-9a52-3d6f8b0c2e11',
    aud: 'orders',
    exp: 1_999_999_999,
    iat: 1_999_999_000,
    scope: 'orders:read profile',
    realm_access: { roles: ['reader', 'writer'] },
  },
  client: { ip: '192.0.2.7', certificate: null },
};

/** Policies by name, each the same rules with other settings. */
export function openNamed(policies: Readonly<Record<string, object>>): Promise<Policies> {
  const common = { entrypoint: ENTRYPOINT, timeoutMs: 10_000, queueMax: 4096 };
  const configured = Object.entries(policies).map(([name, one]) => [name, { ...common, ...one }]);
  return openPolicies(Config.parse({ version: 1, policies: Object.fromEntries(configured) }));
}
