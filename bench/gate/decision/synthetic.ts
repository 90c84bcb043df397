/**
 * Made-up runs of the gate: noise as machines make it, and a known effect in it.
 *
 * Every kind of noise has the deviation `deviation` from block to block in CPU per request, as a share; p50 has
 * half as much again, p99 four times as much. Drift, modes, luck, bursts and hogs come on top.
 *
 * @module
 */

import { normalQuantile } from '../../../arena/statistics/normal.ts';
import { type Random, seeded, shuffled } from '../../../arena/statistics/random.ts';
import type { GateBlock, GateRound, Metric } from './verdict.ts';

export const NOISES = [
  /** Normal, each block on its own. */
  'normal',
  /** Student's with 3 degrees of freedom: now and then a block is far off. */
  'heavy',
  /** Everything gets 30 % slower over the run. */
  'drift',
  /** Three blocks in ten are in a mode that is 8 % slower. */
  'modes',
  /** A block is like the one before: correlation 0.8. */
  'correlated',
  /** Now and then four blocks in a row take 30 % longer. */
  'bursts',
  /** Each program has luck with its layout, 1 % of deviation, until it is started again after 5 rounds. */
  'luck',
  /** Another process begins to compete in the middle; the guards see it. */
  'hog',
  /** The same, but no guard sees it. */
  'unseen hog',
] as const;
export type Noise = (typeof NOISES)[number];

export interface Scene {
  readonly seed: number;
  readonly noise: Noise;
  readonly deviation: number;
  /** By how much head's CPU per request is changed, as a share; p50 by half of it. */
  readonly effect: number;
  readonly rounds: number;
  readonly scenarios: number;
}

type Program = 'a' | 'b' | 'a2';

const LEVELS: Readonly<Record<Metric, number>> = { cpuUsPerRequest: 15, p50: 500, p99: 2000 };
const TIMES: Readonly<Record<Metric, number>> = { cpuUsPerRequest: 1, p50: 1.5, p99: 4 };
const RESTART_ROUNDS = 5;

/** The rounds of a run, the same for the same scene. */
export function syntheticRounds(scene: Scene): GateRound[] {
  const random = seeded(scene.seed);
  return Array.from({ length: scene.scenarios }, (_, at) => {
    const machine = machineOf(scene, random);
    return Array.from({ length: scene.rounds }, (__, round) => {
      const blocks = new Map<Program, GateBlock>();
      for (const program of shuffled<Program>(['a', 'b', 'a2'], random)) {
        blocks.set(program, machine(program, round));
      }
      const [a, b, a2] = [blocks.get('a'), blocks.get('b'), blocks.get('a2')];
      if (a === undefined || b === undefined || a2 === undefined)
        throw new Error('a block is missing');
      return { round: round + 1, scenario: `scenario-${at + 1}`, a, b, a2 };
    });
  }).flat();
}

/** Measures blocks one after another; what lasts from block to block is kept inside. */
function machineOf(scene: Scene, random: Random): (program: Program, round: number) => GateBlock {
  const normal = (): number => normalQuantile(random() || 0.5);
  const { deviation, noise } = scene;
  const luck = new Map<string, number>();
  let block = 0;
  let carried = normal();
  let burstLeft = 0;
  const common = (program: Program, round: number): number => {
    if (noise === 'drift') return (0.3 * block) / (3 * scene.rounds);
    if (noise === 'modes') return random() < 0.3 ? 0.08 : 0;
    if (noise === 'bursts') {
      burstLeft = burstLeft > 0 ? burstLeft - 1 : random() < 0.03 ? 4 : 0;
      return burstLeft > 0 ? 0.3 : 0;
    }
    if (noise !== 'luck') return 0;
    const key = `${program} ${Math.floor(round / RESTART_ROUNDS)}`;
    const drawn = luck.get(key) ?? 0.01 * normal();
    luck.set(key, drawn);
    return drawn;
  };
  const own = (): number => {
    if (noise === 'heavy') return student3(normal);
    if (noise !== 'correlated') return normal();
    carried = 0.8 * carried + 0.6 * normal();
    return carried;
  };
  return (program, round) => {
    const hogged = noise.endsWith('hog') && block >= 1.5 * scene.rounds + 1;
    const shared = common(program, round) + (hogged ? 0.1 + 0.05 * Math.abs(normal()) : 0);
    block += 1;
    const wide = hogged ? 2 : 1;
    const value = (metric: Metric, effect: number): number => {
      const log = shared + TIMES[metric] * deviation * wide * own();
      return LEVELS[metric] * Math.exp(log) * (program === 'b' ? 1 + effect : 1);
    };
    return {
      metrics: {
        cpuUsPerRequest: value('cpuUsPerRequest', scene.effect),
        p50: value('p50', scene.effect / 2),
        p99: value('p99', scene.effect / 2),
      },
      guards: {
        lagP99Us: 80,
        unexpected: 0,
        stolenShare: 0,
        foreignCores: hogged && noise === 'hog' ? 0.9 : 0.05,
      },
    };
  };
}

/** Of deviation 1. */
function student3(normal: () => number): number {
  const chi = normal() ** 2 + normal() ** 2 + normal() ** 2;
  return normal() / Math.sqrt(chi);
}
