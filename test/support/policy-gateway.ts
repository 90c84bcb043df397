/**
 * A gateway whose routes ask policies: the rules of `test/policy/routes`, a route for each way of
 * being asked.
 *
 * @module
 */

import { join } from 'node:path';

import type { SlowIssuer } from './slow-issuer.ts';
import { upstreamYaml } from './stage.ts';

export const GATE = join(import.meta.dirname, '../../../test/policy/routes/gate.rego');
export const ENTRYPOINT = 'gate/decision';
export const KEYS = { shop: 'shop-key', other: 'other-key' } as const;

/** The embedded interpreter with the rules of the tests. */
export const REGO_SOURCE = `{ rego: { files: ["${GATE}"] } }`;

const LIMIT = 'rateLimit: { by: consumer, requests: 2, windowMs: 3600000 }';
const SETS = `request: { headers: { set: { x-set: route } } }, response: { headers: { set: { x-set: route, x-route: "1" } } }`;

/** `source` is what every policy is made of; those of `hasty` have little time and no queue. */
export function policyYaml(up: string, issuer: SlowIssuer, source = REGO_SOURCE): string {
  const common = `source: ${source}, entrypoint: ${ENTRYPOINT}`;
  return `${upstreamYaml(up)}${issuer.yaml}
drain: { deadlineMs: 8000 }
limits: { bodyMaxBytes: 67108864, decisionMs: 9000, bodyIdleMs: 1000 }
decisionLog: { path: decisions.jsonl }
plans: { gold: {}, basic: {} }
consumers:
  shop: { tenant: acme, plan: gold, apiKeys: [{ value: ${KEYS.shop} }] }
  other: { apiKeys: [{ value: ${KEYS.other} }] }
policies:
  gate: { ${common}, timeoutMs: 4000 }
  slow: { ${common}, timeoutMs: 800, threads: 1, queueMax: 0, memoryMaxBytes: 2147483648 }
routes:
  - { name: open, match: { path: /open/* }, upstream: up, policy: gate, ${SETS} }
  - { name: keyed, match: { path: /keyed/* }, upstream: up, auth: { apiKey: { header: x-api-key, query: key } }, policy: gate, ${LIMIT} }
  - { name: token, match: { path: /token/* }, upstream: up, auth: { jwt: { headers: { x-user: sub } } }, policy: gate }
  - { name: body, match: { path: /body/* }, upstream: up, policy: { name: gate, bodyMaxBytes: 65536 } }
  - { name: small, match: { path: /small/* }, upstream: up, policy: { name: gate, bodyMaxBytes: 16 } }
  - { name: both, match: { path: /both/* }, upstream: up, auth: { jwt: {} }, policy: { name: gate, bodyMaxBytes: 65536 } }
  - { name: dry, match: { path: /dry/* }, upstream: up, policy: { name: gate, dryRun: true } }
  - { name: ajar, match: { path: /ajar/* }, upstream: up, policy: { name: gate, onFailure: allow } }
  - { name: slow, match: { path: /slow/* }, upstream: up, policy: slow }
  - { name: slow-ajar, match: { path: /slow-ajar/* }, upstream: up, policy: { name: slow, onFailure: allow } }
  - { name: moved, match: { path: /moved/* }, redirect: { to: "https://example.test/" }, policy: gate }
  - { name: free, match: { path: /free }, upstream: up }
`;
}
