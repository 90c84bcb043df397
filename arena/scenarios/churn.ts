/**
 * Churn: a new connection for every request, as clients without keep-alive make them.
 *
 * Bounds: 2 seconds, 20 000 connections, 16 at a time.
 *
 * @module
 */

import { faultsOf } from '../load/faults.ts';
import { requestsOf } from '../tiers/requests.ts';
import {
  besideSpec,
  BODY_BYTES,
  cpuShareOf,
  type Outcome,
  type Scene,
  type ScenarioPlay,
} from './scenario.ts';

const SECONDS = 2;
const CONNECTIONS = 16;
const REQUESTS_MAX = 20_000;

export const churn: ScenarioPlay = {
  name: 'churn',
  seconds: SECONDS,
  ownUpstream: false,
  changesProcesses: false,
  play,
};

async function play(scene: Scene): Promise<Outcome> {
  const requests = requestsOf(scene.tier, `bytes/${BODY_BYTES}`, scene.token);
  const result = await scene.driver.run(
    {
      ...besideSpec(scene, requests, SECONDS),
      mode: 'closed',
      connections: CONNECTIONS,
      churn: true,
      requestsMax: REQUESTS_MAX,
    },
    scene.loadCores,
  );
  return {
    requests: result.answered,
    figures: {
      connectionsPerS: (result.answered / result.elapsedMs) * 1000,
    },
    histograms: { latency: result.latency },
    generator: { cpuShare: cpuShareOf(result), lagP99Us: null },
    faults: faultsOf(result),
  };
}
