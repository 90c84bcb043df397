/**
 * One line of the decision log: who asked for what, and what a policy said to it.
 *
 * What callers send is masked: values of headers, of the query and of claims, but for a few that
 * name kinds and not people; bodies are left out. Bounds: 64 headers, parameters and claims each,
 * texts of 512 characters.
 *
 * @module
 */

import type { Effect, Verdict } from './enforce.ts';
import type { FailureWhy } from './engine.ts';
import type { PolicyInput } from './input.ts';

export interface DecisionLogEntry {
  readonly version: 1;
  /** RFC 3339, UTC, with milliseconds. */
  readonly time: string;
  readonly requestId: string;
  readonly policy: string;
  readonly route: string;
  readonly consumer: string | null;
  readonly tenant: string | null;
  readonly clientIp: string;
  readonly method: string;
  readonly path: string;
  readonly effect: Effect;
  readonly dryRun: boolean;
  /** Status of a refusal; null where none, or the gateway's own. */
  readonly status: number | null;
  readonly reason: string | null;
  readonly failure: { readonly why: FailureWhy; readonly detail: string } | null;
  readonly durationUs: number;
  readonly obligations: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly claims: Readonly<Record<string, string>> | null;
}

export interface DecidedRequest {
  readonly policy: string;
  readonly input: PolicyInput;
  readonly verdict: Verdict;
  readonly dryRun: boolean;
  readonly timeMs: number;
  readonly durationUs: number;
}

const MASK = '***';
const MEMBERS_MAX = 64;
const TEXT_MAX_CHARS = 512;

const PLAIN_HEADERS = new Set(['accept', 'content-length', 'content-type', 'host', 'user-agent']);
/** Claims that say who issued a token for what. Source: RFC 7519 §4.1, RFC 8693 §4.2, RFC 9068. */
const PLAIN_CLAIMS = new Set(['iss', 'aud', 'azp', 'client_id', 'exp', 'nbf', 'iat', 'scope']);

export function decisionLogEntry({
  policy,
  input,
  verdict,
  dryRun,
  timeMs,
  durationUs,
}: DecidedRequest): DecisionLogEntry {
  const { request, route, consumer, tenant, claims, client } = input;
  const { said, failure } = verdict;
  return {
    version: 1,
    time: new Date(timeMs).toISOString(),
    requestId: bounded(request.id),
    policy,
    route: route.name,
    consumer: consumer?.name ?? null,
    tenant,
    clientIp: client.ip,
    method: bounded(request.method),
    path: bounded(request.path),
    effect: verdict.effect,
    dryRun,
    status: said?.status ?? null,
    reason: said?.reason == null ? null : bounded(said.reason),
    failure: failure === null ? null : { why: failure.why, detail: failure.detail },
    durationUs,
    obligations: Object.keys(said?.obligations ?? {}).map(bounded),
    headers: masked(request.headers, (name) => PLAIN_HEADERS.has(name)),
    query: masked(request.query, () => false),
    claims: claims === null ? null : masked(claims, (name) => PLAIN_CLAIMS.has(name)),
  };
}

/** `values` with a mask in place of each that is not `plain`. */
function masked(
  values: Readonly<Record<string, unknown>>,
  plain: (name: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .slice(0, MEMBERS_MAX)
      .map(([name, value]) => [bounded(name), plain(name) ? bounded(asText(value)) : MASK]),
  );
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function bounded(text: string): string {
  return text.length > TEXT_MAX_CHARS ? `${text.slice(0, TEXT_MAX_CHARS)}…` : text;
}
