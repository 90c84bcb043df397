/**
 * How long a plan takes, before anything of it is run.
 *
 * Windows are known; starting, probing and stopping are taken from experience; a warm-up ends when
 * it is flat, so the estimate has its usual length, and `mostS` what it may take.
 *
 * @module
 */

import type { Plan } from '../plan/schema.ts';
import type { ScenarioPlay } from '../scenarios/scenario.ts';
import { BASELINE_S } from './baseline.ts';
import { FLAT_WINDOWS } from './flat.ts';
import { warmUpWindowS } from './warm-up.ts';

/** Starting and stopping, by what a target is made of. */
const START_STOP_S = { process: 0.8, container: 4, url: 0.1 } as const;
const PROBE_S = 0.4;
/** Between two windows: the driver's own start, reading what was used, writing the record. */
const BETWEEN_S = 0.06;
/** Windows of warm-up that it usually takes: Node's compiler is the slowest of all. */
const WARM_UP_WINDOWS = FLAT_WINDOWS + 1;

/** A target that can be had, and what it is measured in. */
export interface Counted {
  readonly adapter: keyof typeof START_STOP_S;
  readonly tiers: number;
  readonly plays: readonly Pick<ScenarioPlay, 'seconds'>[];
}

export interface Estimate {
  readonly usualS: number;
  readonly mostS: number;
  readonly turns: number;
  readonly blocks: number;
  readonly scenarios: number;
}

/** One stay of a target in a tier. */
export function turnSeconds(
  plan: Plan,
  adapter: Counted['adapter'],
): { usualS: number; mostS: number } {
  const windows = plan.loads.map((load) =>
    'capacity' in load ? load.capacity.seconds : load.rate.seconds,
  );
  const blocks = windows.reduce((sum, seconds) => sum + seconds + BETWEEN_S, 0);
  const warmUp = (warmUpWindowS(plan.warmUp) + BETWEEN_S) * WARM_UP_WINDOWS;
  const body = (warm: number): number => plan.bodies.length * (warm + blocks);
  const around = START_STOP_S[adapter];
  return {
    usualS: around + body(Math.min(warmUp, plan.warmUp.maxS)),
    mostS: around + body(plan.warmUp.maxS + warmUpWindowS(plan.warmUp)),
  };
}

/** A scenario at a target, with its start and its warm-up. */
export function scenarioSeconds(
  plan: Plan,
  { seconds }: Pick<ScenarioPlay, 'seconds'>,
  adapter: Counted['adapter'],
): number {
  const warmUp = Math.min(warmUpWindowS(plan.warmUp) * WARM_UP_WINDOWS, plan.warmUp.maxS);
  return START_STOP_S[adapter] + warmUp + seconds;
}

/** Rounds that have scenarios. */
export function scenarioRoundsOf({ rounds, scenarioRounds }: Plan): number {
  return Math.min(rounds, scenarioRounds);
}

export function estimatePlan(plan: Plan, targets: readonly Counted[]): Estimate {
  const blocksInTurn = plan.bodies.length * plan.loads.length;
  let turns = 0;
  let scenarios = 0;
  const baselineS = targets.length === 0 ? 0 : plan.bodies.length * BASELINE_S;
  let usualS = baselineS;
  let mostS = baselineS;
  for (const { adapter, tiers, plays: offered } of targets) {
    const turn = turnSeconds(plan, adapter);
    const stays = tiers * plan.rounds;
    turns += stays;
    usualS += stays * turn.usualS + tiers * PROBE_S;
    mostS += stays * turn.mostS + tiers * PROBE_S;
    for (const play of offered) {
      const rounds = scenarioRoundsOf(plan);
      const seconds = rounds * scenarioSeconds(plan, play, adapter);
      scenarios += rounds;
      usualS += seconds;
      mostS += seconds + rounds * plan.warmUp.maxS;
    }
  }
  return { usualS, mostS, turns, blocks: turns * blocksInTurn, scenarios };
}
