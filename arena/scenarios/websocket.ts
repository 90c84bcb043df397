/**
 * WebSocket: messages at an even rate that the upstream sends back, from when each was due to its
 * return.
 *
 * Bounds: 100 connections, 2 000 messages a second of 64 bytes, 2 seconds.
 *
 * @module
 */

import { p99Us } from '../load/p99.ts';
import { requestsOf } from '../tiers/requests.ts';
import { clientOf, cpuShareOf, type Outcome, type Scene, type ScenarioPlay } from './scenario.ts';

const SECONDS = 2;
const CONNECTIONS = 100;
const RATE_PER_S = 2000;
const MESSAGE_BYTES = 64;
const TIMEOUT_MS = 2000;

export const websocket: ScenarioPlay = {
  name: 'websocket',
  seconds: SECONDS + 0.5,
  ownUpstream: false,
  changesProcesses: false,
  play,
};

async function play(scene: Scene): Promise<Outcome> {
  const { running, tier, token, loadCores, seed } = scene;
  const client = clientOf(scene);
  const [request] = requestsOf(tier, 'ws', token);
  const result = await client.webSocket(
    {
      kind: 'websocket',
      host: running.host,
      port: running.port,
      path: request?.path ?? '',
      headers: request?.headers ?? {},
      connections: CONNECTIONS,
      ratePerS: RATE_PER_S,
      arrivals: 'poisson',
      bytes: MESSAGE_BYTES,
      warmUpMs: 0,
      measureMs: SECONDS * 1000,
      timeoutMs: TIMEOUT_MS,
      seed,
    },
    loadCores,
  );
  const closed = CONNECTIONS - result.opened;
  const lostMessages = result.messages - result.answered;
  return {
    requests: result.answered,
    figures: {
      connections: CONNECTIONS,
      messages: result.messages,
      lostMessages,
    },
    histograms: { roundTrip: result.roundTrip },
    generator: { cpuShare: cpuShareOf(result), lagP99Us: p99Us(result.lag) },
    faults: [
      ...(closed > 0 ? [`${closed} of ${CONNECTIONS} connections were not upgraded`] : []),
      ...(lostMessages > 0 ? [`${lostMessages} messages did not come back`] : []),
    ],
  };
}
