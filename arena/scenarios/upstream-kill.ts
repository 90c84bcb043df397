/**
 * Upstream-kill: what stands behind the target is killed under load and started again. How many
 * requests fail, and how long after the upstream is back are requests served again?
 *
 * Bounds: 5 seconds of load, at most 2 000 requests a second, 5 seconds until served again. The
 * resolution of `servedAgainMs` is that of the poll, some 5 ms.
 *
 * @module
 */

import { Agent, get } from 'node:http';

import { sleep } from '../host/wait.ts';
import { requestsOf } from '../tiers/requests.ts';
import {
  besideSpec,
  BODY_BYTES,
  cpuShareOf,
  failedRequests,
  type MortalUpstream,
  type Outcome,
  type Scene,
  type ScenarioPlay,
} from './scenario.ts';

const SECONDS = 5;
const KILL_AFTER_MS = 1000;
const DOWN_MS = 1000;
const RATE_MAX_PER_S = 2000;
const POLL_MS = 5;
const POLL_TIMEOUT_MS = 1000;
const RECOVERY_MAX_MS = 5000;

export const upstreamKill: ScenarioPlay = {
  name: 'upstream-kill',
  seconds: SECONDS,
  ownUpstream: true,
  changesProcesses: false,
  play,
};

async function play(scene: Scene): Promise<Outcome> {
  const { upstream } = scene;
  if (upstream === null) throw new Error('this scenario needs an upstream of its own');
  const requests = requestsOf(scene.tier, `bytes/${BODY_BYTES}`, scene.token);
  const [request] = requests;
  if (request === undefined) throw new Error('a tier without a request');
  const slower = { ...scene, ratePerS: Math.min(RATE_MAX_PER_S, scene.ratePerS) };
  const running = scene.driver.run(besideSpec(slower, requests, SECONDS), scene.loadCores);
  const ask = (): Promise<boolean> => isServed(scene.running, request);
  const [result, servedAgainMs] = await Promise.all([running, killAndRevive(upstream, ask)]);
  const recovered = servedAgainMs === null ? {} : { servedAgainMs };
  return {
    requests: 0,
    figures: {
      errors: failedRequests(result),
      timeouts: result.errors['timeout'] ?? 0,
      requests: result.requests,
      downMs: DOWN_MS,
      ...recovered,
    },
    histograms: { latency: result.latency },
    generator: { cpuShare: cpuShareOf(result), lagP99Us: null },
    faults: servedAgainMs === null ? [`not served again within ${RECOVERY_MAX_MS} ms`] : [],
  };
}

/** Milliseconds from the upstream's return to the first answer; null when there was none in time. */
async function killAndRevive(
  upstream: MortalUpstream,
  isAnswered: () => Promise<boolean>,
): Promise<number | null> {
  await sleep(KILL_AFTER_MS);
  await upstream.kill();
  await sleep(DOWN_MS);
  await upstream.revive();
  const backMs = performance.now();
  for (;;) {
    if (await isAnswered()) return performance.now() - backMs;
    if (performance.now() - backMs > RECOVERY_MAX_MS) return null;
    await sleep(POLL_MS);
  }
}

/** One request on a connection of its own: is it answered with 200? */
function isServed(
  { host, port }: Scene['running'],
  { path, headers }: { readonly path: string; readonly headers: Readonly<Record<string, string>> },
): Promise<boolean> {
  return new Promise((resolve) => {
    const agent = new Agent({ keepAlive: false });
    const options = { host, port, path, headers, agent, timeout: POLL_TIMEOUT_MS };
    const request = get(options, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200 && response.complete));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
