/**
 * Recordings for the tests, made up from a seed.
 *
 * @module
 */

import type { LoadResult } from '../../arena/load/driver.ts';
import { seeded } from '../../arena/statistics/random.ts';
import type { Deterministic, Recording } from './assessment.ts';
import type { MeasuredBlock } from './paired/block.ts';
import type { MeasuredRound, PairedRun } from './paired/run.ts';

const LOAD: LoadResult = {
  requests: 1000,
  answered: 1000,
  elapsedMs: 1000,
  statuses: { 200: 1000 },
  errors: {},
  latency: '',
  lag: null,
  cpuUs: 1000,
};

export interface MadeUp {
  readonly seed: number;
  readonly rounds: number;
  /** By which factor head's numbers differ. */
  readonly factor?: number;
  readonly scenarios?: readonly string[];
  /** Cores' worth of others' work, from the middle on. */
  readonly foreignCores?: number;
  readonly unexpectedOfHead?: number;
}

/** Rounds that vary by one percent or so. */
export function madeUpRun(made: MadeUp): PairedRun {
  const { seed, rounds: count, factor = 1, scenarios = ['full'] } = made;
  const random = seeded(seed);
  const block = (of: number, round: number, unexpected = 0): MeasuredBlock => {
    const near = (value: number): number => value * of * (0.99 + 0.02 * random());
    const foreignCores = round > count / 2 ? (made.foreignCores ?? 0) : 0;
    return {
      turn: 1,
      elapsedMs: 1000,
      answered: LOAD.answered,
      waitedMs: 0,
      load: LOAD,
      metrics: { cpuUsPerRequest: near(15), p50: near(120), p99: near(400) },
      guards: { lagP99Us: 20, unexpected, stolenShare: 0, foreignCores },
    };
  };
  const rounds: MeasuredRound[] = [];
  for (let round = 1; round <= count; round += 1) {
    for (const scenario of scenarios) {
      const [a, a2] = [block(1, round), block(1, round)];
      rounds.push({ round, scenario, a, b: block(factor, round, made.unexpectedOfHead), a2 });
    }
  }
  return { seed, looks: [count], only: null, rates: { full: 20_000 }, rounds };
}

export const COUNTED: Deterministic = {
  instructions: {
    base: { instructions: { decide: 10_000, 'request-head': 4000 }, program: 'head' },
    head: { instructions: { decide: 10_000, 'request-head': 4000 }, program: 'head' },
  },
  scripted: { counts: { 'uws.crossings': 10_000 }, skipped: [] },
  budget: {
    about: '',
    requests: 10_000,
    lines: [{ count: 'uws.crossings', max: 10_000, tolerance: 0, reason: 'one for each request' }],
  },
  skipped: [],
};

export function recordingOf(
  runs: readonly PairedRun[],
  deterministic: Deterministic | null = null,
): Recording {
  return {
    kind: 'gate',
    version: 1,
    at: '2026-11-21T12:00:00.000Z',
    command: ['--base', 'main'],
    base: { ref: 'main', commit: 'a'.repeat(40) },
    head: { ref: 'worktree', commit: 'b'.repeat(40) },
    seed: runs[0]?.seed ?? 1,
    machine: {
      cpu: 'Example CPU',
      cores: 2,
      memoryBytes: 1 << 30,
      os: 'Example OS',
      kernel: '6.1',
      node: 'v20.0.0',
      virtualization: null,
      fingerprint: 'f'.repeat(64),
    },
    driver: { name: 'native', version: '0.1.0' },
    loadAverage: 0.1,
    deterministic,
    canaryUs: null,
    runs,
  };
}
