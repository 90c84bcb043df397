/**
 * Whether what reached the upstream, and what the client heard, is what the client's bytes say.
 *
 * @module
 */

import { type RequestMessage, type ResponseMessage, valuesOf } from '../../support/http1.ts';
import type { Front } from '../../support/gateway.ts';
import type { Heard } from './client.ts';
import type { Opinion } from './llhttp.ts';
import { methodOf, type Reading } from './reading.ts';
import { normalised } from './target.ts';
import { answerBody, type Arrival, digestOf } from './upstream.ts';

/** The kind comes first, up to the colon: a shrunk case has to fail in the same way. */
export type Fault = string;

/** What the gateway says of itself and the upstream, and has no reason to say here. */
const FAILURES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

export interface Evidence {
  readonly reading: Reading;
  readonly arrivals: readonly Arrival[];
  readonly heard: Heard;
}

export interface Tally {
  /** Requests answered with 200. */
  readonly served: number;
  /** Requests that reached the upstream, and whose answer did not reach the client. */
  readonly cut: number;
}

function isSame(sent: RequestMessage | Opinion, { request }: Arrival): boolean {
  return (
    sent.method === request.method &&
    normalised(sent.target) === request.target &&
    sent.body.equals(request.body)
  );
}

function brief({ method, target, body }: RequestMessage): string {
  return `${method} ${target} with ${body.length} B`;
}

/** For each arrival which of the requests sent it is, in their order; -1 for one that is none. */
function sources({ requests }: Reading, arrivals: readonly Arrival[]): number[] {
  let next = 0;
  return arrivals.map((arrival) => {
    const at = requests.findIndex((sent, index) => index >= next && isSame(sent, arrival));
    next = Math.max(next, at + 1);
    return at;
  });
}

/**
 * uWebSockets.js reads some malformed chunked bodies in its own way, and then reads no further
 * (docs/wire-conformance.md). It gets them behind a first request only, and only as the last.
 */
function isUwsChunked({ requests, tailMethod }: Reading, { request }: Arrival): boolean {
  const isChunked = valuesOf(request.fields, 'transfer-encoding').length > 0;
  return requests.length > 0 && isChunked && request.method === tailMethod;
}

/** Every arrival is one of the requests that were sent. */
export function strayFault(
  reading: Reading,
  arrivals: readonly Arrival[],
  front: Front,
): Fault | null {
  const at = sources(reading, arrivals).indexOf(-1);
  const stray = arrivals[at];
  if (stray === undefined) return null;
  const isLast = at === arrivals.length - 1;
  if (front === 'uws' && isLast && isUwsChunked(reading, stray)) return null;
  return `stray: ${brief(stray.request)} was not sent`;
}

function answerFault(answer: ResponseMessage, arrival: Arrival): Fault | null {
  const { method, target, body } = arrival.request;
  const digest = digestOf(method, target, body);
  const expected = method === 'HEAD' ? '' : answerBody(arrival.serial, digest);
  const [told] = valuesOf(answer.fields, 'x-digest');
  const [id] = valuesOf(answer.fields, 'x-request-id');
  if (told !== digest || answer.body.toString('latin1') !== expected) {
    return `wrong answer: to ${brief(arrival.request)}`;
  }
  return id === arrival.requestId ? null : `wrong id: ${id} for ${arrival.requestId}`;
}

/** The k-th answer, when it is a 200, belongs to the k-th request and to no other. */
function answersFault({ reading, arrivals, heard }: Evidence, front: Front): Fault | null {
  const claimed = new Set<number>();
  for (const [at, answer] of heard.answers.entries()) {
    const sent = reading.requests[at];
    if (FAILURES.has(answer.status)) return `failure: ${answer.status} to answer ${at + 1}`;
    if (answer.status !== 200) continue;
    const serial = Number(valuesOf(answer.fields, 'x-arrival').join());
    const arrival = arrivals.find((one) => one.serial === serial);
    if (arrival === undefined || claimed.has(serial)) return `foreign answer: ${serial}`;
    claimed.add(serial);
    const isExcused = front === 'uws' && isUwsChunked(reading, arrival);
    if (sent === undefined && isExcused) continue;
    if (sent === undefined) return `served: answer ${at + 1} to what is no request`;
    if (!isSame(sent, arrival)) return `mixed up: answer ${at + 1}, ${brief(arrival.request)}`;
    const fault = answerFault(answer, arrival);
    if (fault !== null) return fault;
  }
  return null;
}

/** A HEAD may be refused before its method is there: behind too many empty lines, say. */
function isBodyToHead(reading: Reading, { answers, rest }: Heard): boolean {
  const last = answers.at(-1);
  if (last === undefined || last.status !== 400) return false;
  const [length] = valuesOf(last.fields, 'content-length');
  const isLast = valuesOf(last.fields, 'connection').includes('close');
  const isHead = methodOf(reading, answers.length - 1) === 'HEAD';
  return isLast && isHead && rest.length === Number(length);
}

/** Nothing that is owed is missing, and nothing came that nobody asked for. */
function endFault({ reading, heard }: Evidence, front: Front): Fault | null {
  const { answers, ended, rest, reset } = heard;
  if (!heard.connected) return 'refused: no connection';
  if (heard.lingering) return 'hang: open after the client has closed';
  if (ended === 'left') return null;
  if (ended === 'gave up' && reading.tail !== 'invalid') {
    return `hang: ${answers.length} answers to ${reading.requests.length} requests`;
  }
  if (ended === 'gave up' && front === 'native') return 'hang: nothing said to what is no request';
  // uWebSockets.js refuses what stands behind a request before it has answered that one.
  const isUwsPage = front === 'uws' && (ended === 'closed' || rest.toString().startsWith('<h1>'));
  if (rest.length > 0 && !reset && !isUwsPage && !isBodyToHead(reading, heard)) {
    return `garbage: ${JSON.stringify(rest.toString('latin1', 0, 200))}`;
  }
  if (ended !== 'closed' || reset || front === 'uws') return null;
  const last = answers.at(-1);
  const isOver = last !== undefined && valuesOf(last.fields, 'connection').includes('close');
  return isOver ? null : `silence: closed behind ${answers.length} answers without a word`;
}

/** Who stayed for the answer got it. */
function lossFault(evidence: Evidence, front: Front): Fault | null {
  const { cut } = tallyOf(evidence);
  const { ended, reset } = evidence.heard;
  if (cut === 0 || ended === 'left' || reset || front === 'uws') return null;
  return `lost: ${cut} requests reached the upstream, their answers nobody`;
}

/** The first thing that is wrong; `front` says whose known habits are excused. */
export function faultOf(evidence: Evidence, front: Front): Fault | null {
  return (
    strayFault(evidence.reading, evidence.arrivals, front) ??
    answersFault(evidence, front) ??
    endFault(evidence, front) ??
    lossFault(evidence, front)
  );
}

export function tallyOf({ arrivals, heard }: Evidence): Tally {
  const served = heard.answers.filter(({ status }) => status === 200).length;
  return { served, cut: arrivals.length - served };
}

/** node takes all behind such a request for another protocol's, also when it was refused. */
function asksForTunnel({ method, fields }: RequestMessage): boolean {
  const connection = valuesOf(fields, 'connection').join().toLowerCase();
  const isUpgrade = connection.includes('upgrade') && valuesOf(fields, 'upgrade').length > 0;
  return method === 'CONNECT' || isUpgrade;
}

export interface Dissent {
  /** It refused what the gateway took, which is no fault: what is refused smuggles nothing. */
  readonly abstains: boolean;
  readonly fault: Fault | null;
}

/** Whether node's reader, where it has an opinion, read the arrivals as well; null: it did. */
export function dissent(
  { requests, error }: { readonly requests: readonly Opinion[]; readonly error: string | null },
  { reading, arrivals }: Evidence,
): Dissent | null {
  for (const [index, at] of sources(reading, arrivals).entries()) {
    const opinion = requests[at];
    if (at < 0) continue;
    if (opinion !== undefined && isSame(opinion, arrivals[index] as Arrival)) continue;
    // It reads no body of such a request either, and may so have nothing to say of it.
    const until = opinion === undefined ? at + 1 : at;
    const isTunnel = reading.requests.slice(0, until).some(asksForTunnel);
    const abstains =
      isTunnel || (opinion === undefined && error !== null && error !== 'HPE_INVALID_EOF_STATE');
    const fault = `dissent: llhttp reads ${opinion?.method} ${opinion?.target}`;
    return { abstains, fault: abstains ? null : fault };
  }
  return null;
}
