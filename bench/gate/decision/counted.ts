/**
 * Which rounds count: those whose three blocks were all measured under acceptable circumstances.
 *
 * A round is dropped whole, so that base and head always lose the same rounds.
 *
 * @module
 */

import { type GateBlock, type GateDesign, type GateRound, METRICS } from './verdict.ts';

export interface Counted {
  /** By scenario, in the order of first appearance, each ordered by round. */
  readonly scenarios: ReadonlyMap<string, readonly GateRound[]>;
  /** Scenarios' rounds that were looked at, and how many of them don't count. */
  readonly seen: number;
  readonly lost: number;
  /** Why rounds don't count, with how many each; at most one entry per kind of reason. */
  readonly why: ReadonlyMap<string, number>;
  /** Answers that were not what the scenario expects, by block. */
  readonly unexpected: { readonly base: number; readonly head: number };
}

/** Sorts out the rounds. Throws when one is given twice for the same scenario. */
export function countedRounds(rounds: readonly GateRound[], design: GateDesign): Counted {
  const scenarios = new Map<string, GateRound[]>();
  const why = new Map<string, number>();
  const given = new Set<string>();
  let lost = 0;
  const unexpected = { base: 0, head: 0 };
  for (const round of rounds.toSorted((one, other) => one.round - other.round)) {
    const key = `${round.round} ${round.scenario}`;
    if (given.has(key)) {
      throw new Error(`round ${round.round} of ${round.scenario} is given twice: give each once`);
    }
    given.add(key);
    unexpected.base += round.a.guards.unexpected + round.a2.guards.unexpected;
    unexpected.head += round.b.guards.unexpected;
    const broken = new Set(
      [round.a, round.b, round.a2].flatMap((block) => breaches(block, design)),
    );
    const of = scenarios.get(round.scenario) ?? [];
    scenarios.set(round.scenario, of);
    for (const breach of broken) why.set(breach, (why.get(breach) ?? 0) + 1);
    if (broken.size > 0) lost += 1;
    else of.push(round);
  }
  return { scenarios, seen: given.size, lost, why, unexpected };
}

function breaches({ metrics, guards }: GateBlock, { limits }: GateDesign): string[] {
  const found: string[] = [];
  if ((guards.lagP99Us ?? 0) > limits.lagP99Us) {
    found.push(`the generator sent later than ${limits.lagP99Us} µs at its p99`);
  }
  if (guards.stolenShare > limits.stolenShare) {
    found.push(`the host stole more than ${limits.stolenShare * 100} % of the time`);
  }
  if (guards.foreignCores > limits.foreignCores) {
    found.push(`others used more than ${limits.foreignCores * 100} % of the gateways’ core`);
  }
  if (!METRICS.every((metric) => Number.isFinite(metrics[metric]) && metrics[metric] > 0)) {
    found.push('a block has no number for some metric');
  }
  return found;
}
