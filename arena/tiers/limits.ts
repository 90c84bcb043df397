/**
 * The rate limits of the tiers that have one, by consumer.
 *
 * @module
 */

/**
 * `many` is counted for every request under /api/ and never reached; `few` is for /limited/, where
 * the probe reaches it.
 */
export const LIMITS = {
  many: { requests: 1_000_000, windowS: 1 },
  few: { requests: 5, windowS: 10 },
} as const;
