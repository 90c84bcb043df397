/**
 * What the gate is accepted by: changes whose size is known, and what it has to say of each.
 *
 * @module
 */

import type { Outcome } from '../decision/verdict.ts';

export const KINDS = ['same', 'slower-5', 'slower-1', 'faster-10', 'hog'] as const;
export type Kind = (typeof KINDS)[number];

/** What is known of one run, as far as a bar looks at it. */
export interface Result {
  readonly outcome: Outcome;
  readonly improvement: boolean;
}

export interface KindPlan {
  readonly title: string;
  /** By which share head's CPU time differs from base's. */
  readonly effect: number;
  /** Runs of the full acceptance. */
  readonly runs: number;
  /** What is asked of so many runs, for people. */
  readonly bar: string;
  /** Whether these runs meet it. */
  readonly holds: (results: readonly Result[]) => boolean;
}

function reds(results: readonly Result[]): number {
  return results.filter(({ outcome }) => outcome === 'regress').length;
}

function redTwiceInARow(results: readonly Result[]): boolean {
  return results.some(
    ({ outcome }, at) => outcome === 'regress' && results[at + 1]?.outcome === 'regress',
  );
}

/** One in so many, of as many as there are: 19 of 20, and 1 of 1. */
const MISSED_MAX_SHARE = 0.05;

export const KIND_PLANS: Readonly<Record<Kind, KindPlan>> = {
  same: {
    title: 'base against itself',
    effect: 0,
    runs: 30,
    bar: 'at most 1 red, never two in a row',
    holds: (results) => reds(results) <= 1 && !redTwiceInARow(results),
  },
  'slower-5': {
    title: '+5 % busy work',
    effect: 0.05,
    runs: 20,
    bar: 'red in at least 19 of 20',
    holds: (results) => results.length - reds(results) <= results.length * MISSED_MAX_SHARE,
  },
  'slower-1': {
    title: '+1 % busy work',
    effect: 0.01,
    runs: 20,
    bar: 'red in at most 1 of 20',
    holds: (results) => reds(results) <= 1,
  },
  'faster-10': {
    title: '−10 %: base has the busy work',
    effect: -0.1,
    runs: 5,
    bar: 'told to be better, each time',
    holds: (results) => results.every(({ improvement }) => improvement),
  },
  hog: {
    title: 'a busy process on the core, from the middle on',
    effect: 0,
    runs: 5,
    bar: 'void or inconclusive, never red, never passed',
    holds: (results) =>
      results.every(({ outcome }) => outcome === 'void' || outcome === 'inconclusive'),
  },
};
