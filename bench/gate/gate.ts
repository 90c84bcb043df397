/**
 * The gate, from what was asked to a recording of what was measured.
 *
 * @module
 */

import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';

import type { Driver } from '../../arena/load/driver.ts';
import { describeMachine } from '../../arena/run/machine.ts';
import type { Service } from '../load/processes.ts';
import { startHog } from './acceptance/hog.ts';
import { withSpin } from './acceptance/spin.ts';
import { type Recording, RECORDING_VERSION } from './assessment.ts';
import { type BuildPlace, buildOf } from './builds/builds.ts';
import { commitOf, snapshotOf, WORKTREE } from './builds/git.ts';
import { measureDeterministic, measurePaired, requireTools, type Sides } from './layers.ts';
import type { GateOptions } from './options.ts';
import type { RunWatch } from './paired/run.ts';
import { LOAD_CORE } from './side.ts';

export interface GateCall {
  readonly options: GateOptions;
  readonly place: BuildPlace;
  /** How load is made; asked for only when it is. */
  readonly driver: () => Promise<Driver>;
  readonly watch: RunWatch;
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
  const named = {
    base: commitOf(repository, options.base),
    head: options.head === WORKTREE ? snapshotOf(repository) : commitOf(repository, options.head),
  };
  requireTools(layer);
  const base = withSpin(repository, named.base, injection.spin.base);
  const head = withSpin(repository, named.head, injection.spin.head);
  const tell = (what: string): void => watch.note(what);
  const sides: Sides = {
    base: await buildOf(place, base, 'base', tell),
    head: await buildOf(place, head, 'head', tell),
  };
  leaveGatewayCore();
  const deterministic = layer === '2' ? null : await measureDeterministic(place, sides, watch);
  const driver = layer === '1' ? null : await call.driver();
  const runs = driver === null ? [] : await timed(driver, sides, options, watch);
  return {
    kind: 'gate',
    version: RECORDING_VERSION,
    at,
    command,
    base: { ref: options.base, commit: base },
    head: { ref: options.head, commit: head },
    seed: options.seed,
    machine: describeMachine(),
    driver: driver === null ? null : { name: driver.name, version: driver.version },
    loadAverage,
    deterministic,
    runs,
  };
}

/** This process's own work is not to be in the way of a gateway. */
function leaveGatewayCore(): void {
  const flags = ['--all-tasks', '--pid', '--cpu-list', LOAD_CORE, `${process.pid}`];
  spawnSync('taskset', flags, { stdio: 'ignore' });
}

/** The paired layer, with what the acceptance puts in its way. */
async function timed(driver: Driver, sides: Sides, options: GateOptions, watch: RunWatch) {
  let hog: Service | null = null;
  const hogFrom = Math.ceil((options.looks[0] ?? 1) / 2);
  const watching: RunWatch = {
    ...watch,
    round: (round, of) => {
      if (options.injection.hog && hog === null && round >= hogFrom) hog = startHog();
      watch.round(round, of);
    },
  };
  try {
    return await measurePaired(driver, sides, options, watching);
  } finally {
    await (hog as Service | null)?.stop();
  }
}
