/**
 * The jobs that targets are compared in, each adding work to the one before; what a request of each
 * looks like and what the upstream must see of it are the same for every target.
 *
 * Every path ends in what the upstream does (`bytes/N`, `echo`, `probe`, `sse`, `ws`, `delay/MS`);
 * what stands before it is for the target to route by.
 *
 * @module
 */

import type { RequestSpec } from '../load/driver.ts';

export const TIERS = ['pass', 'key', 'full', 'jwt', 'opa', 'routes'] as const;
export type Tier = (typeof TIERS)[number];

/** The target without a gateway, which every run has and nothing is ranked against; and its one tier. */
export const BASELINE = 'direct';
export const BASELINE_TIER: Tier = 'pass';

/** What a tier is, for people. */
export const TIER_TITLES: Readonly<Record<Tier, string>> = {
  pass: 'pass-through',
  key: 'API key',
  full: 'API key, rate limit, header rewrite, request id',
  jwt: 'the same, and a JWT (ES256)',
  opa: 'the same, and an OPA decision',
  routes: 'API key, rate limit, header rewrite, request id; 1 000 routes, 10 000 keys',
};

/** Consumers and their keys, in every tier that has keys; `routes` has ten times as many. */
export const CONSUMERS = { usual: 1000, many: 10_000 } as const;
export const ROUTES = 1000;
export const TENANT = 'acme';

export function keyOf(consumer: number): string {
  return `sk-live-${consumer.toString(16).padStart(24, '0')}`;
}

/** The consumer that the load comes from. */
export const CALLER = { consumer: 'consumer-500', tenant: TENANT, key: keyOf(500) } as const;

/** The route of a lone request in the tier with many. */
const CALLER_ROUTE = 500;

/** What every client sends beside what its tier needs. */
const USUAL_HEADERS = {
  accept: 'application/json',
  'accept-encoding': 'gzip',
  'user-agent': 'arena',
  'x-debug': '1',
} as const;

/** One request of a tier, for the upstream's `job`, such as `bytes/138`. */
export function requestOf(tier: Tier, job: string, token = ''): RequestSpec {
  const headers: Record<string, string> = { ...USUAL_HEADERS };
  if (tier !== 'pass') headers['x-api-key'] = CALLER.key;
  if (tier === 'jwt' || tier === 'opa') headers['authorization'] = `Bearer ${token}`;
  return { method: 'GET', path: `${prefixOf(tier, CALLER_ROUTE)}${job}`, headers, bodyBytes: 0 };
}

/** What stands before the job in the paths of a tier; `route` is for the tier with many only. */
export function prefixOf(tier: Tier, route: number): string {
  return tier === 'routes' ? `/api/r/${route}/` : '/api/';
}
