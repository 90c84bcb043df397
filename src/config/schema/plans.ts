/**
 * Plans: what consumers and tenants may use, and how their use is counted.
 *
 * @module
 */

import * as z from 'zod';

import { Name, whole } from './fields.ts';
import { QuotaStore } from './quota-store.ts';

const U32_MAX = 4_294_967_295;

const By = z
  .enum(['consumer', 'tenant'])
  .default('consumer')
  .describe('Whose requests are counted together: one consumer’s, or those of its whole tenant.');

/** Names of places, as the IANA database has them. */
const TimeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'not a time zone; expected a name such as Europe/Berlin, or UTC')
  .default('UTC')
  .describe('Whose calendar it is: a name of the IANA database.');

const Quota = z
  .strictObject({
    requests: whole(1, 10_000_000_000).describe('This many requests …'),
    per: z
      .enum(['minute', 'hour', 'day', 'month'])
      .describe('… in each of these, as the calendar has them.'),
    timeZone: TimeZone,
    by: By,
  })
  .describe('How much; more is 429. Exact over all workers, and kept over restarts.');

const PlanRateLimit = z
  .strictObject({
    by: By,
    requests: whole(1, U32_MAX).describe('This many requests …'),
    windowMs: whole(1, 86_400_000).describe('… in this many milliseconds …'),
    burst: whole(1, U32_MAX)
      .nullable()
      .default(null)
      .describe('… and this many at once; without it, as many as `requests`.'),
  })
  .transform((limit) => ({ ...limit, burst: limit.burst ?? limit.requests }))
  .describe('How often, over all routes; more is 429.');

export const Plan = z
  .strictObject({
    rateLimit: PlanRateLimit.nullable().default(null),
    quotas: z
      .array(Quota)
      .max(8)
      .default([])
      .describe(
        'How much, in windows of the calendar; a request counts in all of them or in none.',
      ),
  })
  .describe('What somebody may use.');

export const Tenant = z
  .strictObject({
    plan: Name.nullable()
      .default(null)
      .describe('Plan of its consumers that have none of their own.'),
  })
  .describe('What is said of a tenant.');

export const Quotas = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .max(4096)
      .default('quotas/counters')
      .describe('File of the counters, relative to the configuration’s folder. A local disk.'),
    countersMax: whole(1, 1_000_000)
      .default(16_384)
      .describe(
        'Most counters: one for each quota of each consumer or tenant that was seen. Without room, those that are new get a 503.',
      ),
    redis: QuotaStore.nullable().default(null),
  })
  .describe('Where quotas are counted.');

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
