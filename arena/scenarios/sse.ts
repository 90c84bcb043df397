/**
 * SSE: a thousand streams of events at once. How long until the first byte of each, and how long is
 * each event on its way from the upstream's hand to the client's?
 *
 * An event holds the microsecond of the monotonic clock at which the upstream sent it, which is the
 * clock of this process, too. Bounds: 1 000 streams, opened 50 at a time; 10 events each; 15 s.
 *
 * @module
 */

import { Agent, get, type IncomingMessage } from 'node:http';

import { requestsOf } from '../tiers/requests.ts';
import { Latencies } from './latencies.ts';
import { ownCpu } from './own-cpu.ts';
import type { Outcome, Scene, ScenarioPlay } from './scenario.ts';

const STREAMS = 1000;
const RAMP_BATCH = 50;
const EVENTS = 10;
const INTERVAL_MS = 250;
const STREAM_TIMEOUT_MS = 15_000;

export const sse: ScenarioPlay = {
  name: 'sse',
  seconds: 5,
  ownUpstream: false,
  changesProcesses: false,
  play,
};

/** What all streams have brought. */
interface Tally {
  readonly firstByte: Latencies;
  readonly eventDelay: Latencies;
  events: number;
}

async function play(scene: Scene): Promise<Outcome> {
  const tally: Tally = { firstByte: new Latencies(), eventDelay: new Latencies(), events: 0 };
  const agent = new Agent({ keepAlive: false });
  const share = ownCpu();
  const streams: Promise<void>[] = [];
  for (let count = 0; count < STREAMS && !scene.signal.aborted; count += RAMP_BATCH) {
    const batch = Array.from({ length: RAMP_BATCH }, () => openStream(scene, agent, tally));
    streams.push(...batch.map(({ ended }) => ended));
    await Promise.all(batch.map(({ begun }) => begun));
  }
  await Promise.all(streams);
  const lost = STREAMS * EVENTS - tally.events;
  return {
    requests: tally.events,
    figures: {
      streams: STREAMS,
      events: tally.events,
      lostEvents: lost,
      firstByteP50Us: tally.firstByte.percentileUs(50),
      firstByteP99Us: tally.firstByte.percentileUs(99),
      eventDelayP50Us: tally.eventDelay.percentileUs(50),
      eventDelayP99Us: tally.eventDelay.percentileUs(99),
    },
    histograms: { firstByte: tally.firstByte.encoded(), eventDelay: tally.eventDelay.encoded() },
    generator: { cpuShare: share(), lagP99Us: null },
    faults: lost > 0 ? [`${lost} of ${STREAMS * EVENTS} events did not come`] : [],
  };
}

interface Stream {
  /** Resolves with the first byte, or when there will be none. */
  readonly begun: Promise<void>;
  readonly ended: Promise<void>;
}

function openStream({ running, tier, token, signal }: Scene, agent: Agent, tally: Tally): Stream {
  const [spec] = requestsOf(tier, `sse?events=${EVENTS}&intervalMs=${INTERVAL_MS}`, token);
  const { host, port } = running;
  const headers = { ...spec?.headers, accept: 'text/event-stream' };
  const options = { host, port, path: spec?.path, headers, agent, timeout: STREAM_TIMEOUT_MS };
  const beganUs = nowUs();
  const request = get({ ...options, signal });
  const ended = new Promise<void>((resolve) => {
    request.once('close', resolve);
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve());
  });
  const first = new Promise<void>((resolve) => {
    request.once('response', (response) => {
      tally.firstByte.add(nowUs() - beganUs);
      resolve();
      if (response.statusCode === 200) readEvents(response, tally);
      else response.resume();
    });
  });
  return { begun: Promise.race([first, ended]), ended };
}

/** Lines `data: MICROSECONDS`, however they are cut into pieces. */
function readEvents(response: IncomingMessage, tally: Tally): void {
  let rest = '';
  response.setEncoding('latin1').on('data', (piece: string) => {
    const arrivedUs = nowUs();
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const sentUs = /^data: ?(\d+)\r?$/.exec(line)?.[1];
      if (sentUs === undefined) continue;
      tally.events += 1;
      tally.eventDelay.add(arrivedUs - Number(sentUs));
    }
  });
  // Whether it broke off shows in the events that did not come.
  response.once('error', () => undefined);
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
