/**
 * The order of a run, which is random and the same for the same seed.
 *
 * Each round has an order of its own: of targets, of the tiers of a target, of the blocks of a tier.
 * What drifts over a run (heat, other guests of the host) meets all of them alike.
 *
 * @module
 */

import type { Plan, PlannedLoad } from '../plan/schema.ts';
import { type Random, seeded, shuffled } from '../statistics/random.ts';
import type { Tier } from '../tiers/tiers.ts';

/** One window: a body under a load. */
export interface PlannedBlock {
  readonly bodyBytes: number;
  readonly load: PlannedLoad;
}

/** A target's stay in one tier, from its start to its stop. */
export interface Turn<Subject> {
  readonly round: number;
  readonly subject: Subject;
  readonly tier: Tier;
  readonly blocks: readonly PlannedBlock[];
  /** Of the arrivals in this turn. */
  readonly seed: number;
}

/** What may be measured in which tiers. */
export interface Entrant<Subject> {
  readonly subject: Subject;
  readonly tiers: readonly Tier[];
}

/** All turns of round `round` (from 1 on), in their order. */
export function turnsOf<Subject>(
  plan: Pick<Plan, 'bodies' | 'loads'>,
  entrants: readonly Entrant<Subject>[],
  { round, seed }: { readonly round: number; readonly seed: number },
): Turn<Subject>[] {
  const random = seeded(mixed(seed, round));
  const blocks = plan.bodies.flatMap((bodyBytes) =>
    plan.loads.map((load): PlannedBlock => ({ bodyBytes, load })),
  );
  return shuffled(entrants, random).flatMap(({ subject, tiers }) =>
    shuffled(tiers, random).map((tier) => ({
      round,
      subject,
      tier,
      blocks: shuffled(blocks, random),
      seed: whole32(random),
    })),
  );
}

/** A seed for whoever gave none: kept in the results, so that the run can be repeated. */
export function newSeed(): number {
  return whole32(Math.random);
}

function whole32(random: Random): number {
  return Math.floor(random() * 2 ** 32);
}

/** Rounds of neighbouring numbers must not have related orders. Source: Knuth's multiplicative hash. */
function mixed(seed: number, round: number): number {
  return (seed ^ Math.imul(round, 0x9e3779b1)) >>> 0;
}
