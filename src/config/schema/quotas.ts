/**
 * Quotas: where their counts are kept.
 *
 * @module
 */

import * as z from 'zod';

import { QuotaStore } from './quota-store.ts';

export const Quotas = z
  .strictObject({
    redis: QuotaStore.nullable().default(null),
  })
  .describe('Where the counts of quotas are kept.');
