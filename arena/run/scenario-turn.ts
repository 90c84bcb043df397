/**
 * Scenarios of a round: each on each target that says it offers it, and scores on every target, in
 * random order, on a target that was started and warmed up for it alone.
 *
 * @module
 */

import type { RunningTarget, Target } from '../adapters/target.ts';
import type { ScenarioRecord } from '../results/records.ts';
import { playsOf } from '../scenarios/catalog.ts';
import {
  BODY_BYTES,
  type MortalUpstream,
  type Outcome,
  type ScenarioPlay,
  type Scene,
} from '../scenarios/scenario.ts';
import { median } from '../statistics/quantile.ts';
import { seeded, shuffled } from '../statistics/random.ts';
import type { Bench } from './bench.ts';
import { scenarioRoundsOf, scenarioSeconds } from './estimate.ts';
import { unlessInterrupted } from './interrupt.ts';
import { observe } from './observe.ts';
import type { Entrant } from './order.ts';
import { boundsOf } from './self-check.ts';
import { stopCompletely } from './stop.ts';
import { startTarget } from './turn.ts';
import { warmUp } from './warm-up.ts';

/** Load beside a scenario, as a share of what the warm-up found. */
const SHARE = 0.3;
const RATE_MAX_PER_S = 5000;

interface Appearance {
  readonly target: Target;
  readonly play: ScenarioPlay;
  readonly round: number;
  readonly seed: number;
}

/** Rejects only when the run is to end. */
export async function playScenarios(
  bench: Bench,
  entrants: readonly Entrant<Target>[],
  { round, seed }: { readonly round: number; readonly seed: number },
): Promise<void> {
  const { plan } = bench;
  if (round > scenarioRoundsOf(plan)) return;
  const able = entrants.filter(({ tiers }) => tiers.includes(plan.scenarioTier));
  const appearances = able.flatMap(({ subject: target }) =>
    playsOf(plan, target.capabilities).map((play) => ({
      target,
      play,
      round,
      seed: (seed + round) >>> 0,
    })),
  );
  for (const appearance of shuffled(appearances, seeded((seed ^ ~round) >>> 0))) {
    await appear(bench, appearance);
    const { play, target } = appearance;
    bench.progress.advance(scenarioSeconds(plan, play, target.adapter));
  }
}

async function appear(bench: Bench, appearance: Appearance): Promise<void> {
  const { target, play, round } = appearance;
  const { plan, progress, station, write } = bench;
  progress.now(`round ${round} of ${plan.rounds}: ${target.name}, scenario ${play.name}`);
  let upstream: MortalUpstream | null = null;
  try {
    upstream = play.ownUpstream ? await bench.startUpstream() : null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    write(voidScenario(bench, appearance, `its upstream did not start: ${why}`));
    return;
  }
  try {
    const behind = upstream ?? station.upstream;
    const started = await startTarget(bench, target, plan.scenarioTier, behind);
    if ('why' in started) {
      write(voidScenario(bench, appearance, `the target did not start: ${started.why}`));
      return;
    }
    try {
      await measure(bench, appearance, started.running, upstream);
    } finally {
      await stopCompletely(bench, target, started.running);
    }
  } finally {
    await upstream?.stop();
  }
}

async function measure(
  bench: Bench,
  appearance: Appearance,
  running: RunningTarget,
  upstream: MortalUpstream | null,
): Promise<void> {
  const { plan, station, token, signal, write } = bench;
  const { seed } = appearance;
  const place = { tier: plan.scenarioTier, bodyBytes: BODY_BYTES };
  const { perS } = await warmUp(bench, place, running, seed);
  if (perS.length === 0) {
    write(voidScenario(bench, appearance, 'it answered nothing in the warm-up'));
    return;
  }
  const scene: Scene = {
    running,
    tier: plan.scenarioTier,
    token,
    driver: station.driver,
    loadCores: plan.cores.load,
    ratePerS: Math.max(1, Math.min(RATE_MAX_PER_S, SHARE * median(perS))),
    upstream,
    seed,
    signal,
  };
  write(await played(bench, appearance, scene));
}

async function played(
  { plan, signal }: Bench,
  { target, play, round }: Appearance,
  scene: Scene,
): Promise<ScenarioRecord> {
  const at = new Date().toISOString();
  const begin = performance.now();
  const work = async (): Promise<Outcome> => {
    try {
      return await unlessInterrupted(signal, play.play(scene));
    } catch (error) {
      signal.throwIfAborted();
      return nothing(
        `it could not be played: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  const seen = await observe(scene.running, work, { changing: play.changesProcesses });
  const { cpuUs, memoryPeakBytes, machine } = seen;
  const { requests, figures, histograms, generator, faults } = seen.result;
  const reasons = [...faults, ...seen.void];
  const counts = reasons.length === 0;
  const costsKnown = counts && cpuUs !== null && requests > 0;
  return {
    kind: 'scenario',
    at,
    round,
    target: target.name,
    tier: plan.scenarioTier,
    scenario: play.name,
    seconds: (performance.now() - begin) / 1000,
    figures: counts ? { ...figures } : {},
    histograms: counts ? { ...histograms } : {},
    cpuUsPerRequest: costsKnown ? cpuUs / requests : null,
    memoryPeakBytes,
    generator: { ...generator, bound: boundsOf(generator) },
    machine,
    void: reasons,
  };
}

function nothing(why: string): Outcome {
  return {
    requests: 0,
    figures: {},
    histograms: {},
    generator: { cpuShare: 0, lagP99Us: null },
    faults: [why],
  };
}

function voidScenario(
  { plan }: Bench,
  { target, play, round }: Appearance,
  why: string,
): ScenarioRecord {
  return {
    kind: 'scenario',
    at: new Date().toISOString(),
    round,
    target: target.name,
    tier: plan.scenarioTier,
    scenario: play.name,
    seconds: play.seconds,
    figures: {},
    histograms: {},
    cpuUsPerRequest: null,
    memoryPeakBytes: null,
    generator: { cpuShare: 0, lagP99Us: null, bound: [] },
    machine: { stolenShare: 0, loadAverage: 0 },
    void: [why],
  };
}
