/**
 * The mix of requests that a tier is measured with.
 *
 * @module
 */

import type { RequestSpec } from '../load/driver.ts';
import { CONSUMERS, keyOf, prefixOf, requestOf, ROUTES, type Tier } from './tiers.ts';

/** Routes, and as many keys, that the load of the tier with many goes round. */
const ROUTES_USED = 64;
/** Without a factor in common with the numbers of routes and keys: all kinds of them get their turn. */
const ROUTE_STEP = 157;
const KEY_STEP = 1571;

/** What is sent in turn: one request, or 64 for as many routes and consumers. */
export function requestsOf(tier: Tier, job: string, token = ''): RequestSpec[] {
  const usual = requestOf(tier, job, token);
  if (tier !== 'routes') return [usual];
  return Array.from({ length: ROUTES_USED }, (_, turn) => ({
    ...usual,
    path: `${prefixOf(tier, (turn * ROUTE_STEP) % ROUTES)}${job}`,
    headers: { ...usual.headers, 'x-api-key': keyOf((turn * KEY_STEP) % CONSUMERS.many) },
  }));
}
