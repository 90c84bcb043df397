/**
 * The gate, from what was asked to a recording of what was measured.
 *
 * @module
 */

import { loadavg } from 'node:os';

import type { LoadStage } from '../../arena/load/driver.ts';
import { describeMachine } from '../../arena/run/machine.ts';
import { pinSelf } from '../../arena/run/pin.ts';
import { shieldCores, shieldNote } from '../../arena/run/shield.ts';
import { type Hog, startHog } from './acceptance/hog.ts';
import { withSpin } from './acceptance/spin.ts';
import { type Recording, RECORDING_VERSION } from './assessment.ts';
import { type BuildPlace, buildOf } from './builds/builds.ts';
import { commitOf, snapshotOf, WORKTREE } from './builds/git.ts';
import { canaryUs } from './history/canary.ts';
import { measureDeterministic, measurePaired, requireTools, type Sides } from './layers.ts';
import type { GateOptions } from './options.ts';
import type { RunWatch } from './paired/run.ts';
import { GATEWAY_CORE, LOAD_CORE } from './side.ts';

/** What is told while the gate works, beside what a run tells. */
export interface GateWatch extends RunWatch {
  /** Both sides are there: how long that took says nothing about what follows. */
  readonly built: () => void;
  /** Layer 1 is over. */
  readonly counted: () => void;
}

export interface GateCall {
  readonly options: GateOptions;
  readonly place: BuildPlace;
  /** Starts load and upstream; not called when only layer 1 is asked for. */
  readonly openStation: () => Promise<LoadStage>;
  readonly watch: GateWatch;
  /** Words of the command line, for the recording. */
  readonly command: readonly string[];
}

/** Builds and measures. Rejects with a `GateFailure` when it can't. */
export async function recordGate(call: GateCall): Promise<Recording> {
  const { options, place, watch, command } = call;
  const { injection, layer } = options;
  const at = new Date().toISOString();
  const loadAverage = loadavg()[0] ?? 0;
  const { repository } = place;
  const commits = {
    base: commitOf(repository, options.base),
    head: options.head === WORKTREE ? snapshotOf(repository) : commitOf(repository, options.head),
  };
  requireTools(layer);
  const base = withSpin(repository, commits.base, injection.spin.base);
  const head = withSpin(repository, commits.head, injection.spin.head);
  const tell = (what: string): void => watch.note(what);
  const sides: Sides = {
    base: await buildOf(place, base, 'base', tell),
    head: await buildOf(place, head, 'head', tell),
  };
  watch.built();
  pinSelf(LOAD_CORE);
  const deterministic = layer === '2' ? null : await measureDeterministic(place, sides, watch);
  if (deterministic !== null) watch.counted();
  const paired = layer === '1' ? NOTHING_TIMED : await measureTimed(call, sides);
  return {
    kind: 'gate',
    version: RECORDING_VERSION,
    at,
    command,
    base: { ref: options.base, commit: base },
    head: { ref: options.head, commit: head },
    seed: options.seed,
    machine: describeMachine(),
    loadAverage,
    deterministic,
    ...paired,
  };
}

type Timed = Pick<Recording, 'driver' | 'runs' | 'canaryUs'>;

const NOTHING_TIMED: Timed = { driver: null, runs: [], canaryUs: null };

/** Layer 2, and the canary where a history is kept. */
async function measureTimed(
  { options, openStation, watch }: GateCall,
  sides: Sides,
): Promise<Timed> {
  const shield = shieldCores(GATEWAY_CORE);
  watch.note(shieldNote(shield));
  const station = await openStation();
  try {
    const runs = await timed(station, sides, options, watch);
    if (options.history !== null) watch.now('measuring the canary');
    const { name, version } = station.driver;
    return {
      driver: { name, version },
      runs,
      canaryUs: options.history === null ? null : await canaryUs(station),
    };
  } finally {
    await station.stop();
    await shield.lift();
  }
}

/** The paired layer, with what the acceptance puts in its way. */
async function timed(station: LoadStage, sides: Sides, options: GateOptions, watch: RunWatch) {
  let hog: Hog | null = null;
  const hogFrom = Math.ceil((options.looks[0] ?? 1) / 2);
  const watching: RunWatch = {
    ...watch,
    round: (round, of) => {
      if (options.injection.hog && hog === null && round >= hogFrom) hog = startHog();
      watch.round(round, of);
    },
  };
  try {
    return await measurePaired(station, sides, options, watching);
  } finally {
    (hog as Hog | null)?.stop();
  }
}
