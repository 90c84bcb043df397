/**
 * Slow clients: 1 000 connections that send a request's head a byte at a time, beside a client that
 * behaves. What does that one notice? Its p99 beside them is to be held against its p99 alone.
 *
 * Bounds: 1 000 connections, a byte a second each; two windows of 2 seconds.
 *
 * @module
 */

import { sleep } from '../host/wait.ts';
import { faultsOf } from '../load/faults.ts';
import { p99Us } from '../load/p99.ts';
import { requestsOf } from '../tiers/requests.ts';
import {
  besideSpec,
  BODY_BYTES,
  clientOf,
  cpuShareOf,
  failedRequests,
  lagOf,
  type Outcome,
  type Scene,
  type ScenarioPlay,
} from './scenario.ts';

const SECONDS = 2;
const SLOW_CONNECTIONS = 1000;
const BYTES_PER_S = 1;
/** Until all of them are there. */
const RAMP_MS = 1000;
/** Longer than what it is beside. */
const DURATION_MS = 30_000;

export const slowClients: ScenarioPlay = {
  name: 'slow-clients',
  seconds: 2 * SECONDS + RAMP_MS / 1000,
  ownUpstream: false,
  changesProcesses: false,
  play,
};

async function play(scene: Scene): Promise<Outcome> {
  const { running, tier, token, driver, loadCores } = scene;
  const requests = requestsOf(tier, `bytes/${BODY_BYTES}`, token);
  const spec = besideSpec(scene, requests, SECONDS);
  const client = clientOf(scene);
  const alone = await driver.run(spec, loadCores);
  const crowd = client.slow(
    {
      kind: 'slow',
      host: running.host,
      port: running.port,
      path: requests[0]?.path ?? '',
      headers: requests[0]?.headers ?? {},
      connections: SLOW_CONNECTIONS,
      bytesPerS: BYTES_PER_S,
      durationMs: DURATION_MS,
    },
    loadCores,
  );
  await sleep(RAMP_MS);
  const beside = await driver.run(spec, loadCores);
  const { held, ended } = await crowd.stop();
  return {
    requests: alone.answered + beside.answered,
    figures: {
      slowConnections: SLOW_CONNECTIONS,
      heldConnections: held,
      endedConnections: ended,
      errors: failedRequests(beside),
      p99AloneUs: p99Us(alone.latency) ?? 0,
      p99BesideUs: p99Us(beside.latency) ?? 0,
    },
    histograms: { latencyAlone: alone.latency, latencyBeside: beside.latency },
    generator: {
      cpuShare: Math.max(cpuShareOf(alone), cpuShareOf(beside)),
      lagP99Us: lagOf(alone, beside),
    },
    faults: faultsOf(alone),
  };
}
