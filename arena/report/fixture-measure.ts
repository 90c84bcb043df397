/**
 * Made-up measurements: costs, circumstances, moments and histograms, for tests only.
 *
 * @module
 */

import { emptyHistogram, encodeHistogram } from '../load/histogram.ts';
import type { BlockRecord } from '../results/records.ts';
import type { Random } from '../statistics/random.ts';
import type { Tier } from '../tiers/tiers.ts';
import type { FixturePlan, FixtureTarget } from './fixture-plan.ts';

/** Added microseconds of CPU by tier, of a target as fast as nginx. */
const TIER_US: Readonly<Record<Tier, number>> = {
  pass: 0,
  key: 0.5,
  full: 1.1,
  jwt: 19,
  opa: 26,
  routes: 1.6,
};

/** About normal: the sum of twelve uniform numbers, less six. */
export function normal(random: Random): number {
  let sum = -6;
  for (let index = 0; index < 12; index += 1) sum += random();
  return sum;
}

/** `samples` lognormal values about `medianUs` with a tail, taken at even quantiles. */
export function fixtureHistogram(medianUs: number, samples: number, random: Random): string {
  const histogram = emptyHistogram();
  const points = Math.min(samples, 600);
  for (let point = 0; point < points; point += 1) {
    const count =
      Math.floor(((point + 1) * samples) / points) - Math.floor((point * samples) / points);
    const tail = random() < 0.012 ? 3 + random() * 9 : 1;
    const value = medianUs * Math.exp(normal(random) * 0.21) * tail;
    histogram.recordValueWithCount(Math.max(1, Math.round(value)), count);
  }
  return encodeHistogram(histogram);
}

export const instant = (plan: FixturePlan, minutes: number): string =>
  new Date(Date.UTC(2026, 10, plan.day, 9, 0) + Math.round(minutes * 60_000)).toISOString();

export function cpuOf(
  plan: FixturePlan,
  one: FixtureTarget,
  tier: Tier,
  bodyBytes: number,
): number {
  const base = one.cpuUs ?? 0;
  const added = TIER_US[tier] * (0.4 + (0.6 * base) / 16);
  return (base + added + bodyBytes * 0.00009 * Math.sqrt(base)) * plan.drift;
}

export function circumstances(
  flaw: number,
  random: Random,
  open: boolean,
): Pick<BlockRecord, 'generator' | 'machine' | 'void'> {
  return {
    generator: {
      cpuShare: 0.42 + random() * 0.2 + (flaw === 2 ? 0.35 : 0),
      lagP99Us: open ? Math.round(40 + random() * 60) : null,
      bound: flaw === 2 ? ['generator used 91 % of its core (at most 80 %)'] : [],
    },
    machine: { stolenShare: random() * 0.004, loadAverage: 1.2 + random() * 0.5 },
    void: flaw === 1 ? ['37 answers with status 502'] : [],
  };
}
