/**
 * Runs byte-level cases on lanes, and says of each whether it missed and whether it broke what
 * nothing excuses: a hidden request, a malformed one, an answer that went to somebody else.
 *
 * @module
 */

import { secondOpinion } from '../support/recording-upstream.ts';
import { type Lane, onLanes } from './lane.ts';
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

async function runClient(lane: Lane, vector: Vector): Promise<Result> {
  const waits = vector.expect === 'wait';
  const methods = [/^\s*([A-Z]+) /.exec(vector.raw ?? '')?.[1] ?? 'GET'];
  const outcome = await lane.exchange(segmentsOf(vector), {
    answers: answersOf(vector),
    methods,
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

export function runAll(lanes: readonly Lane[], vectors: readonly Vector[]): Promise<Result[]> {
  return onLanes(lanes, vectors, (lane, vector) =>
    vector.side === 'client' ? runClient(lane, vector) : runUpstream(lane, vector),
  );
}
