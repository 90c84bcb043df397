/**
 * What the gateway's own counts of quotas are to the part that shares them; native code has them.
 *
 * @module
 */

import type { QuotaAmount, QuotaMode } from '../native/addon.ts';

/** One quota of one subject in one window: the same on every gateway. */
export type Window = Pick<QuotaAmount, 'key' | 'windowStartMs' | 'windowEndMs'>;

/** The four calls of `native/addon.ts` that are named like these. */
export interface QuotaLedger {
  pending(max: number): readonly QuotaAmount[];
  acknowledge(entries: readonly QuotaAmount[]): void;
  total(key: string, windowStartMs: number, total: number): boolean;
  mode(mode: QuotaMode): void;
}
