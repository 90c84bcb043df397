/**
 * What in the answers to a load should not have come, and what should have and did not.
 *
 * @module
 */

import type { LoadResult } from './driver.ts';

const EXPECTED_STATUS = '200';

/** A sentence for each kind; empty when every answer was the expected one. */
export function faultsOf(result: Pick<LoadResult, 'statuses' | 'errors' | 'answered'>): string[] {
  const statuses = Object.entries(result.statuses)
    .filter(([status]) => status !== EXPECTED_STATUS)
    .map(([status, count]) => `${count} answers with status ${status}, not ${EXPECTED_STATUS}`);
  const errors = Object.entries(result.errors)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} errors of kind ${kind}`);
  const none = result.answered === 0 ? ['nothing was answered'] : [];
  return [...statuses, ...errors, ...none];
}
