/**
 * The loads of the original L0 score, one after the other. What is answered wrongly is no fault
 * here: it is what the score counts.
 *
 * Bounds: a minute of ramp, half a minute of bursts, 6 020 requests one after the other.
 *
 * @module
 */

import type { LoadResult } from '../load/driver.ts';
import { L0, l0Kept, l0Loads, type L0Scenario } from '../score/scenarios.ts';
import { requestsOf } from '../tiers/requests.ts';
import { cpuShareOf, lagOf, type Outcome, type Scene, type ScenarioPlay } from './scenario.ts';

/** Of all loads, as a target without trouble answers them. */
const SECONDS = 92;
/** As in the original. */
const SCORED_BODY_BYTES = 138;

/** `share`: the part of them that is played. */
export function l0Play(share: number): ScenarioPlay {
  return {
    name: L0,
    seconds: SECONDS * share,
    ownUpstream: false,
    changesProcesses: false,
    play: (scene) => play(scene, share),
  };
}

async function play(scene: Scene, share: number): Promise<Outcome> {
  const { running, tier, token, driver, loadCores, seed, signal } = scene;
  const { host, port } = running;
  const requests = requestsOf(tier, `bytes/${SCORED_BODY_BYTES}`, token);
  const expect = { status: 200, bodyBytes: SCORED_BODY_BYTES };
  const results = new Map<L0Scenario, LoadResult[]>();
  for (const { scenario, parts } of l0Loads({ host, port, requests, expect, seed }, share)) {
    const answers: LoadResult[] = [];
    for (const spec of parts) {
      signal.throwIfAborted();
      answers.push(await driver.run(spec, loadCores));
    }
    results.set(scenario, answers);
  }
  const all = [...results.values()].flat();
  const sum = (of: (one: LoadResult) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  const used = { cpuUs: sum((one) => one.cpuUs), elapsedMs: sum((one) => one.elapsedMs) };
  return {
    requests: sum(({ answered }) => answered),
    ...l0Kept(results, { expect, share }),
    generator: { cpuShare: cpuShareOf(used), lagP99Us: lagOf(...all) },
    faults: [],
  };
}
