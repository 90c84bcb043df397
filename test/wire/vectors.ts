/**
 * The byte-level cases and how one is judged. `vectors/http1.json` says what a gateway must do
 * with the bytes; a lenient but legal answer counts as a miss.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseRequest, parseResponse } from '../support/http1.ts';
import type { Observed, Segment } from '../support/raw-client.ts';
import type { UpstreamConnection } from '../support/recording-upstream.ts';
import { PROJECT } from '../support/gateway.ts';

export interface Vector {
  readonly name: string;
  readonly category: string;
  readonly side: 'client' | 'upstream';
  /** One character per byte; `{{rep:TEXT:N}}` stands for N times TEXT. */
  readonly raw?: string;
  readonly segments?: readonly Segment[];
  readonly expect: string;
  readonly alsoOk?: readonly string[];
  readonly why: string;
}

/** What a client-side case led to, at the client and at the upstream. */
export interface Outcome {
  readonly seen: Observed;
  /** Nothing at all had come back after this case's first 500 ms. */
  readonly quietFor500Ms: boolean;
  readonly upstream: readonly UpstreamConnection[];
}

export function readVectors(): Vector[] {
  const file = join(PROJECT, 'test/wire/vectors/http1.json');
  return JSON.parse(readFileSync(file, 'utf8')) as Vector[];
}

export function expand(raw: string): string {
  return raw.replaceAll(/\{\{rep:([\s\S]*?):(\d+)\}\}/g, (_all, text: string, count: string) =>
    text.repeat(Number(count)),
  );
}

export function segmentsOf(vector: Vector): readonly Segment[] {
  return vector.segments ?? [{ send: expand(vector.raw ?? ''), waitMs: 0 }];
}

function reached(outcome: Outcome): number {
  return outcome.upstream.reduce((sum, { requests }) => sum + requests.length, 0);
}

function statuses(outcome: Outcome): number[] {
  return outcome.seen.responses.map(({ status }) => status);
}

/** The body that must have arrived: what the strict parser reads in the bytes sent. */
function bodyArrived(vector: Vector, outcome: Outcome): boolean {
  const sent = segmentsOf(vector).map(({ send }) => send);
  const parsed = parseRequest(Buffer.from(sent.join(''), 'latin1'));
  if (parsed.kind !== 'message') return true;
  const [first] = outcome.upstream.flatMap(({ requests }) => requests);
  return first !== undefined && first.body.equals(parsed.message.body);
}

function served(vector: Vector, outcome: Outcome, answers: readonly number[]): boolean {
  const count = answers.filter((status) => status === 200).length;
  return (
    reached(outcome) === count &&
    statuses(outcome).join() === answers.join() &&
    outcome.seen.state === 'clean' &&
    bodyArrived(vector, outcome)
  );
}

function refusedWith(status: number, outcome: Outcome): boolean {
  return (
    statuses(outcome).join() === String(status) &&
    reached(outcome) === 0 &&
    outcome.seen.state === 'clean'
  );
}

function waited(outcome: Outcome): boolean {
  const [status] = statuses(outcome);
  const ends = status === 408 || (status === undefined && outcome.seen.closed);
  return outcome.quietFor500Ms && ends && reached(outcome) === 0;
}

function isLocalSuccess(outcome: Outcome): boolean {
  const [status = 0] = statuses(outcome);
  return status >= 200 && status < 300 && reached(outcome) === 0;
}

function holds(expectation: string, vector: Vector, outcome: Outcome): boolean {
  switch (expectation) {
    case 'single-request':
      return served(vector, outcome, [200]);
    case 'two-requests':
      return served(vector, outcome, [200, 200]);
    case 'single-request-then-400':
      return served(vector, outcome, [200, 400]);
    case 'wait':
      return waited(outcome);
    case 'close':
      return outcome.seen.closed && statuses(outcome).length === 0 && reached(outcome) === 0;
    case 'local-2xx':
      return isLocalSuccess(outcome);
    default:
      return refusedWith(Number(expectation), outcome);
  }
}

/** Null when the case came out as expected; otherwise what came instead. */
export function judgeClient(vector: Vector, outcome: Outcome): string | null {
  const expected = [vector.expect, ...(vector.alsoOk ?? [])];
  if (expected.some((expectation) => holds(expectation, vector, outcome))) return null;
  const { seen, upstream } = outcome;
  const answers = statuses(outcome).join('+') || 'no answer';
  const half = upstream.filter(({ incomplete }) => incomplete.length > 0).length;
  return `${answers}, ${seen.state}, ${seen.closed ? 'closed' : 'open'}, ${reached(outcome)} whole and ${half} half requests upstream`;
}

/** Null when the client saw what an upstream-side case expects; otherwise what it saw. */
export function judgeUpstream(vector: Vector, seen: Observed, closedUpstream: boolean) {
  const expected = [vector.expect, ...(vector.alsoOk ?? [])];
  if (expected.some((expectation) => showsUpstream(expectation, vector, seen))) {
    if (closedUpstream || vector.expect === 'single-response') return null;
    return 'the upstream connection is still open';
  }
  const answers = seen.responses.map(({ status }) => status).join('+') || 'no answer';
  return `${answers}, ${seen.state}, ${seen.closed ? 'closed' : 'open'}`;
}

function showsUpstream(expectation: string, vector: Vector, seen: Observed): boolean {
  const [response, another] = seen.responses;
  if (expectation === 'abort') return seen.closed && response === undefined;
  if (response === undefined || another !== undefined || seen.state !== 'clean') return false;
  if (expectation !== 'single-response') return response.status === Number(expectation);
  return wasForwarded(vector, response.status, response.body);
}

/** The final response of the bytes the upstream sent, read strictly, is what the client got. */
function wasForwarded(vector: Vector, status: number, body: Buffer): boolean {
  let bytes = Buffer.from(expand(vector.raw ?? '').replace('<FIN>', ''), 'latin1');
  for (;;) {
    const sent = parseResponse(bytes, 'GET', true);
    if (sent.kind !== 'message') return status === 200;
    if (sent.message.status >= 200) {
      return sent.message.status === status && sent.message.body.equals(body);
    }
    bytes = bytes.subarray(sent.length);
  }
}
