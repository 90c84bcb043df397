/**
 * What a policy's answer means. A rule that says nothing denies; one that says something else than
 * a decision is an error.
 *
 * A decision is `true`, `false`, or an object with `allow` and, if it wants, `status`, `reason`,
 * `headers.upstream`, `headers.downstream` and `obligations`. Bounds: 32 headers each way, a value
 * of 4096 characters, a reason of 1000, 32 obligations.
 *
 * @module
 */

import { type Answer, type Failure, failed } from './engine.ts';

/** Header names in lower case and their values; null takes a header off. */
export type HeaderChanges = Readonly<Record<string, string | null>>;

export interface PolicyDecision {
  readonly allow: boolean;
  /** Status of the refusal, 400 to 499; null is the gateway's own, 403. */
  readonly status: number | null;
  /** For the decision log; the caller does not see it. */
  readonly reason: string | null;
  readonly upstreamHeaders: HeaderChanges;
  readonly downstreamHeaders: HeaderChanges;
  /** What whoever enforces the decision has to do beside; a name it does not know is a refusal. */
  readonly obligations: Readonly<Record<string, unknown>>;
}

export type Evaluation = { readonly kind: 'decided'; readonly decision: PolicyDecision } | Failure;

const HEADERS_MAX = 32;
const HEADER_VALUE_MAX_CHARS = 4096;
const REASON_MAX_CHARS = 1000;
const OBLIGATIONS_MAX = 32;
const MEMBERS = new Set(['allow', 'status', 'reason', 'headers', 'obligations']);

/**
 * Fields that say where a message ends, whom a connection belongs to or which way a request took:
 * never a policy's, nor a route's. Source: native/core/src/rewrite/ops.rs.
 */
const RESERVED = new Set([
  'connection',
  'content-length',
  'date',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
]);

/** A plain yes or no. */
export function plainDecision(allow: boolean, reason: string | null = null): PolicyDecision {
  return {
    allow,
    status: null,
    reason,
    upstreamHeaders: {},
    downstreamHeaders: {},
    obligations: {},
  };
}

/** Never throws. */
export function evaluationOf(answer: Answer): Evaluation {
  if (answer.kind === 'failed') return answer;
  if (answer.kind === 'undefined') return decided(plainDecision(false, 'undefined'));
  if (typeof answer.value === 'boolean') return decided(plainDecision(answer.value));
  try {
    return decided(readDecision(answer.value));
  } catch (error) {
    if (error instanceof Misfit) return failed('error', `not a decision: ${error.message}`);
    throw error;
  }
}

class Misfit extends Error {}

function decided(decision: PolicyDecision): Evaluation {
  return { kind: 'decided', decision };
}

function readDecision(value: unknown): PolicyDecision {
  const members = asObject('the answer', value);
  const unknown = Object.keys(members).find((key) => !MEMBERS.has(key));
  if (unknown !== undefined) throw new Misfit(`unknown member "${unknown}"`);
  const { allow, status = null, reason = null } = members;
  if (typeof allow !== 'boolean') throw new Misfit('allow is not true or false');
  if (!isStatus(status)) throw new Misfit('status is not a number from 400 to 499');
  if (reason !== null && typeof reason !== 'string') throw new Misfit('reason is not text');
  return {
    allow,
    status: allow ? null : status,
    reason: reason?.slice(0, REASON_MAX_CHARS) ?? null,
    ...readChanges(members['headers']),
    obligations: readObligations(members['obligations']),
  };
}

function readChanges(
  value: unknown,
): Pick<PolicyDecision, 'upstreamHeaders' | 'downstreamHeaders'> {
  const { upstream, downstream, ...others } = asObject('headers', value ?? {});
  if (Object.keys(others).length > 0) throw new Misfit('headers has upstream and downstream only');
  return {
    upstreamHeaders: readHeaders('headers.upstream', upstream ?? {}),
    downstreamHeaders: readHeaders('headers.downstream', downstream ?? {}),
  };
}

function readObligations(value: unknown): PolicyDecision['obligations'] {
  const obligations = asObject('obligations', value ?? {});
  if (Object.keys(obligations).length > OBLIGATIONS_MAX) {
    throw new Misfit(`more than ${OBLIGATIONS_MAX} obligations`);
  }
  return obligations;
}

function readHeaders(where: string, value: unknown): HeaderChanges {
  const entries = Object.entries(asObject(where, value));
  if (entries.length > HEADERS_MAX) throw new Misfit(`${where} has more than ${HEADERS_MAX}`);
  const changes = new Map<string, string | null>();
  for (const [written, text] of entries) {
    const name = written.toLowerCase();
    // Source: RFC 9110 §5.6.2, token.
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/.test(name) || RESERVED.has(name.replaceAll('_', '-'))) {
      throw new Misfit(`${where} can't set "${written.slice(0, 128)}"`);
    }
    if (changes.has(name)) throw new Misfit(`${where} has "${name}" twice`);
    if (text !== null && !isFieldValue(text)) {
      throw new Misfit(`${where}: the value of "${name}" is not a header's`);
    }
    changes.set(name, text);
  }
  return Object.fromEntries(changes);
}

function isStatus(value: unknown): value is number | null {
  return (
    value === null ||
    (typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 499)
  );
}

/** Visible ASCII, spaces and tabs inside. Source: RFC 9110 §5.5. */
function isFieldValue(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= HEADER_VALUE_MAX_CHARS &&
    /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/.test(value)
  );
}

function asObject(what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value;
  throw new Misfit(`${what} is not an object`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
