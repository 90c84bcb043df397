/**
 * What the gate promises, on made-up runs; STOA_TEST_LONG=1 makes it 500 runs instead of 100.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { decideInLooks } from './sequence.ts';
import { NOISES, type Noise, syntheticRounds } from './synthetic.ts';
import type { Outcome } from './verdict.ts';

const LONG = process.env['STOA_TEST_LONG'] === '1';
const RUNS = LONG ? 500 : 100;
/** Of a thousand-odd runs each; the gate itself draws 10 000. */
const RESAMPLES = LONG ? 2000 : 200;
/** Where a hog starts, what is decided is decided before. */
const STEADY = NOISES.filter((noise) => !noise.endsWith('hog'));
const DEVIATIONS = [0.02, 0.03, 0.04];

interface Counts extends Record<Outcome, number> {
  improvement: number;
}

/** Runs over these kinds of noise and deviations in turn, each with a seed of its own. */
function count(
  runs: number,
  effect: number,
  noises: readonly Noise[],
  deviations: readonly number[] = DEVIATIONS,
): Counts {
  const counts = { pass: 0, regress: 0, inconclusive: 0, void: 0, improvement: 0 };
  for (let run = 0; run < runs; run += 1) {
    const scene = {
      seed: 1000 + run,
      noise: noises[run % noises.length] ?? 'normal',
      deviation: deviations[Math.floor(run / noises.length) % deviations.length] ?? 0.02,
      effect,
      rounds: 48,
      scenarios: 2,
    };
    const rounds = syntheticRounds(scene);
    const verdict = decideInLooks({ seed: run, rounds, design: { resamples: RESAMPLES } });
    counts[verdict.outcome] += 1;
    counts.improvement += Number(verdict.improvement);
  }
  return counts;
}

function told(counts: Counts): string {
  return JSON.stringify(counts);
}

describe(`the gate, over ${RUNS} made-up runs with noise of every kind`, () => {
  it('calls base itself a regression in at most 1 of 100', (test) => {
    const counts = count(RUNS, 0, NOISES);
    test.diagnostic(told(counts));
    assert.ok(counts.regress <= RUNS / 100, told(counts));
  });

  it('calls 5 % more CPU a regression in at least 19 of 20', (test) => {
    const counts = count(RUNS, 0.05, ['normal', 'heavy', 'drift', 'bursts', 'correlated']);
    test.diagnostic(told(counts));
    assert.ok(counts.regress >= RUNS * 0.95, told(counts));
  });

  it('calls 5 % more CPU one in 9 of 10 still where blocks vary by 5 %', (test) => {
    const counts = count(RUNS / 2, 0.05, ['normal', 'drift'], [0.05]);
    test.diagnostic(told(counts));
    assert.ok(counts.regress >= RUNS * 0.45, told(counts));
  });

  it('calls 1 % more CPU a regression in at most 1 of 20', (test) => {
    const counts = count(RUNS, 0.01, STEADY);
    test.diagnostic(told(counts));
    assert.ok(counts.regress <= RUNS / 20, told(counts));
  });

  it('calls a hog that starts in the middle anything but a regression', (test) => {
    const counts = count(RUNS / 5, 0, ['hog', 'unseen hog']);
    test.diagnostic(told(counts));
    assert.equal(counts.regress, 0, told(counts));
    assert.ok(counts.void > 0, told(counts));
  });

  it('calls 10 % less CPU an improvement', (test) => {
    const counts = count(RUNS / 5, -0.1, ['normal', 'heavy', 'drift']);
    test.diagnostic(told(counts));
    assert.ok(counts.improvement >= (RUNS / 5) * 0.95, told(counts));
  });
});
