/**
 * Runs byte-level cases on lanes, and says of each whether it missed and whether it broke what
 * nothing excuses: a hidden request, a malformed one, an answer that went to somebody else.
 *
 * @module
 */

import { secondOpinion } from '../support/recording-upstream.ts';
import { stopAll } from '../support/cleanup.ts';
import type { Front } from '../support/gateway.ts';
import { Lane, onLanes } from './lane.ts';
import {
  expand,
  judgeClient,
  judgeUpstream,
  type Outcome,
  segmentsOf,
  type Vector,
} from './vectors.ts';

/** Longer than any timeout of the gateway for a body that stops, uWebSockets.js' 10 s included. */
const WAITS_MS = 14_000;

/** Gateways of one way that work at once; all ways run at once, too. */
const LANES = 4;

/** How a case's bytes come to a gateway. */
export interface Way {
  readonly name: string;
  readonly front: Front;
  /** They are a later request of their connection, not the first. */
  readonly later: boolean;
}

/** Native code reads the first request of every connection, and all of those it keeps. */
export const STRICT_WAYS: readonly Way[] = [
  { name: 'native', front: 'native', later: false },
  { name: 'uws, first on its connection', front: 'uws', later: false },
];
/** What uWebSockets.js reads itself. */
export const LATER: Way = { name: 'uws, after a plain request', front: 'uws', later: true };

export interface Result {
  readonly vector: Vector;
  /** Null: as expected. */
  readonly miss: string | null;
  /** What no listing excuses. */
  readonly breach: string | null;
}

function answersOf(vector: Vector): number {
  return vector.expect === 'two-requests' ? 2 : 1;
}

/** The upstream's bytes hold nothing hidden, and node's parser reads the requests ours did. */
async function breachOf({ upstream }: Outcome): Promise<string | null> {
  for (const connection of upstream) {
    const lines = connection.received.toString('latin1').split(/[\r\n]+/);
    const hidden = lines.find((line) => /^[!-~]+ \/smuggled/.test(line));
    const isFramed = connection.requests.some(({ body }) => body.includes(hidden ?? ''));
    if (hidden !== undefined && !isFramed) return `smuggled: ${hidden}`;
    if (connection.invalid !== null) return `malformed upstream request: ${connection.invalid}`;
    const strict = connection.requests.map(({ method, target }) => `${method} ${target}`);
    const second = await secondOpinion(connection.received);
    if (second.join() !== strict.join()) return `read as ${strict.join()} and ${second.join()}`;
  }
  return null;
}

async function runClient(lane: Lane, vector: Vector, greets: boolean): Promise<Result> {
  const waits = vector.expect === 'wait';
  const methods = [/^\s*([A-Z]+) /.exec(vector.raw ?? '')?.[1] ?? 'GET'];
  const outcome = await lane.exchange(segmentsOf(vector), {
    answers: answersOf(vector),
    methods,
    greets,
    ...(waits ? { timeoutMs: WAITS_MS } : {}),
  });
  return { vector, miss: judgeClient(vector, outcome), breach: await breachOf(outcome) };
}

async function runUpstream(lane: Lane, vector: Vector): Promise<Result> {
  const { seen, closedUpstream, reusable } = await lane.scripted(expand(vector.raw ?? ''));
  const miss = judgeUpstream(vector, seen, closedUpstream);
  const breach = reusable ? null : 'the next client got the wrong answer';
  return { vector, miss, breach };
}

/** Results come in the vectors' order; a later request is a client-side case's only. */
async function runWay(way: Way, vectors: readonly Vector[]): Promise<Result[]> {
  const cases = way.later ? vectors.filter(({ side }) => side === 'client') : vectors;
  const lanes: Lane[] = [];
  try {
    for (let count = 0; count < LANES; count++) lanes.push(await Lane.start(way.front));
    return await onLanes(lanes, cases, (lane, vector) =>
      vector.side === 'client' ? runClient(lane, vector, way.later) : runUpstream(lane, vector),
    );
  } finally {
    await stopAll(...lanes);
  }
}

/** Runs the cases every way, all ways at once. */
export async function runAll(vectors: readonly Vector[]): Promise<Map<Way, readonly Result[]>> {
  const ways = [...STRICT_WAYS, LATER];
  const results = await Promise.all(ways.map((way) => runWay(way, vectors)));
  return new Map(ways.map((way, index) => [way, results[index] ?? []]));
}
