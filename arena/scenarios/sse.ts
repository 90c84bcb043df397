/**
 * SSE: a thousand streams of events at once. How long until the first byte of each, and how long is
 * each event on its way from the upstream's hand to the client's?
 *
 * Bounds: 1 000 streams that begin within a second, 10 events each at 4 a second, 5 s for what is
 * missing then.
 *
 * @module
 */

import { requestsOf } from '../tiers/requests.ts';
import { clientOf, cpuShareOf, type Outcome, type Scene, type ScenarioPlay } from './scenario.ts';

const STREAMS = 1000;
const EVENTS = 10;
const INTERVAL_MS = 250;
const SPREAD_MS = 1000;
const TIMEOUT_MS = 5000;

export const sse: ScenarioPlay = {
  name: 'sse',
  seconds: (SPREAD_MS + EVENTS * INTERVAL_MS) / 1000 + 1,
  ownUpstream: false,
  changesProcesses: false,
  play,
};

async function play(scene: Scene): Promise<Outcome> {
  const { running, tier, token, loadCores } = scene;
  const client = clientOf(scene);
  const [request] = requestsOf(tier, 'sse', token);
  const result = await client.sse(
    {
      kind: 'sse',
      host: running.host,
      port: running.port,
      path: request?.path ?? '',
      headers: { ...request?.headers, accept: 'text/event-stream' },
      connections: STREAMS,
      events: EVENTS,
      intervalMs: INTERVAL_MS,
      spreadMs: SPREAD_MS,
      timeoutMs: TIMEOUT_MS,
    },
    loadCores,
  );
  const lostEvents = STREAMS * EVENTS - result.events;
  const broken = STREAMS - result.completed;
  return {
    requests: result.events,
    figures: {
      streams: STREAMS,
      lostEvents,
    },
    histograms: { firstByte: result.firstByte, eventDelay: result.delay },
    generator: { cpuShare: cpuShareOf(result), lagP99Us: null },
    faults:
      broken > 0
        ? [`${broken} of ${STREAMS} streams did not end in order, ${lostEvents} events are missing`]
        : [],
  };
}
