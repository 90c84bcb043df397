/**
 * The count that gateways share, and the one operation on it.
 *
 * Each window of each quota is one Redis hash: a field for each contribution, holding what that gateway admitted in all,
 * and `t`, their sum. A field only grows, so reports may come twice, late or out of order.
 * Source: https://redis.io/docs/latest/develop/programmability/eval-intro/ (scripts run atomically).
 *
 * @module
 */

import type { Window } from './ledger.ts';

export interface Report extends Window {
  readonly field: string;
  readonly amount: number;
}

export interface Counted {
  /** What all gateways admitted in the window, as far as reported. */
  readonly total: number;
  /** What the field held before; less than what was once counted means that the count was lost. */
  readonly before: number;
}

/** A connection to it. Once a call has rejected it is of no more use. */
export interface Store {
  /** An item for each report, null where it failed; rejects when all did or the time is over. */
  report(reports: readonly Report[]): Promise<readonly (Counted | null)[]>;
  /** Resolves when it answers. */
  ping(): Promise<void>;
  /** Ends the connection. Never throws. */
  close(): void;
}

export const COUNT_SCRIPT = `
local before = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
local added = tonumber(ARGV[2]) - tonumber(before)
if added > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[1], 't', string.format('%.0f', added))
  redis.call('PEXPIREAT', KEYS[1], ARGV[3])
end
return { redis.call('HGET', KEYS[1], 't') or '0', before }
`;

/** One key an operation, so that in a cluster windows spread over the slots. */
export function keyOf(prefix: string, { key, windowStartMs, windowEndMs }: Window): string {
  return `${prefix}${windowStartMs}-${windowEndMs}:${key}`;
}
