/**
 * What SciPy made of fixed values: vectors.json, which make.py writes.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

const FILE = join(import.meta.dirname, '../../../../arena/statistics/reference/vectors.json');

const Values = z.array(z.number());
const Bootstrap = z.array(
  z.strictObject({
    values: Values,
    seed: z.number(),
    resamples: z.number(),
    confidence: z.number(),
    estimate: z.number(),
    low: z.number(),
    high: z.number(),
  }),
);

const Vectors = z.strictObject({
  scipy: z.string(),
  numpy: z.string(),
  normalShare: z.array(z.tuple([z.number(), z.number()])),
  normalQuantile: z.array(z.tuple([z.number(), z.number()])),
  studentTwoSided: z.array(z.tuple([z.number(), z.number(), z.number()])),
  tTest: z.array(z.strictObject({ one: Values, other: Values, pValue: z.number() })),
  hodgesLehmann: z.array(z.tuple([Values, z.number()])),
  signedRank: z.array(
    z.strictObject({
      values: Values,
      alternative: z.enum(['greater', 'less']),
      statistic: z.number(),
      pValue: z.number(),
    }),
  ),
  signedRankBounds: z.array(
    z.strictObject({
      values: Values,
      alpha: z.number(),
      low: z.number().nullable(),
      high: z.number().nullable(),
    }),
  ),
  bcaHodgesLehmann: Bootstrap,
  bcaMean: Bootstrap,
  percentileMedian: Bootstrap,
  spending: z.strictObject({
    counts: Values,
    alpha: z.number(),
    cumulative: Values,
    nominal: Values,
  }),
});

export const vectors = Vectors.parse(JSON.parse(readFileSync(FILE, 'utf8')));

/** Whether two numbers differ by at most the share `tolerance` of the larger. */
export function isClose(one: number, other: number, tolerance: number): boolean {
  if (one === other) return true;
  return Math.abs(one - other) <= tolerance * Math.max(Math.abs(one), Math.abs(other));
}
