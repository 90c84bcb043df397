/**
 * Reload: a target reads its configuration again while requests come at an even rate. No request
 * may notice: errors are to be 0.
 *
 * Bounds: 4 seconds, 3 reloads.
 *
 * @module
 */

import { sleep } from '../host/wait.ts';
import { requestsOf } from '../tiers/requests.ts';
import {
  besideSpec,
  BODY_BYTES,
  cpuShareOf,
  failedRequests,
  lagOf,
  type Outcome,
  type Scene,
  type ScenarioPlay,
} from './scenario.ts';

const SECONDS = 4;
const RELOADS = 3;
const FIRST_AFTER_MS = 500;
const BETWEEN_MS = 1000;

export const reload: ScenarioPlay = {
  name: 'reload',
  seconds: SECONDS,
  ownUpstream: false,
  changesProcesses: true,
  play,
};

async function play(scene: Scene): Promise<Outcome> {
  const again = scene.running.reload;
  if (again === null) throw new Error('its manifest promises a reload that it does not describe');
  const requests = requestsOf(scene.tier, `bytes/${BODY_BYTES}`, scene.token);
  const running = scene.driver.run(besideSpec(scene, requests, SECONDS), scene.loadCores);
  const [result, reloads] = await Promise.all([running, reloadRepeatedly(again, scene.signal)]);
  return {
    requests: result.answered,
    figures: {
      reloads: reloads.done,
      errors: failedRequests(result),
    },
    histograms: { latency: result.latency },
    generator: { cpuShare: cpuShareOf(result), lagP99Us: lagOf(result) },
    faults: reloads.faults,
  };
}

async function reloadRepeatedly(
  again: () => Promise<void>,
  signal: AbortSignal,
): Promise<{ done: number; faults: string[] }> {
  const faults: string[] = [];
  let done = 0;
  await sleep(FIRST_AFTER_MS);
  while (done < RELOADS && faults.length === 0 && !signal.aborted) {
    try {
      await again();
      done += 1;
    } catch (error) {
      faults.push(`it does not reload: ${error instanceof Error ? error.message : String(error)}`);
    }
    await sleep(BETWEEN_MS);
  }
  return { done, faults };
}
