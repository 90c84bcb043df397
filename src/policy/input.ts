/**
 * The document that a policy decides on: `input` of its rules.
 *
 * Version 1. A member is added without a new version; one that is there keeps its name and meaning.
 * Bounds: 262 144 bytes as JSON, body included; a larger one is not evaluated, which is a failure.
 * Credentials are no part of it: `authorization`, `proxy-authorization`, `cookie` and the header
 * of the API key are left out.
 *
 * @module
 */

import { isUnambiguous } from '../json/unambiguous.ts';

export interface PolicyInput {
  readonly version: 1;
  readonly request: {
    readonly id: string;
    readonly method: string;
    readonly scheme: 'http' | 'https';
    /** Without the port, in lower case. */
    readonly host: string;
    /** As it was matched: normalised, without the query. */
    readonly path: string;
    /** The path between its slashes, decoded: `/a/b%20c` is `["a", "b c"]`. */
    readonly segments: readonly string[];
    /** Every value of a parameter, in order. */
    readonly query: Readonly<Record<string, readonly string[]>>;
    /** Names in lower case; several fields of one name are joined by `, `. */
    readonly headers: Readonly<Record<string, string>>;
    /** Null where the route shows the policy none. */
    readonly body: PolicyBody | null;
  };
  readonly route: { readonly name: string };
  /** Null where nobody was authenticated. */
  readonly consumer: { readonly name: string } | null;
  readonly tenant: string | null;
  /** What the caller may use, by its name in the configuration; null without one. */
  readonly plan: string | null;
  /** Claims of the token, once it is verified; null without one. */
  readonly claims: Readonly<Record<string, unknown>> | null;
  readonly client: {
    readonly ip: string;
    /** The verified certificate of the connection. */
    readonly certificate: { readonly subject: string; readonly sha256: string } | null;
  };
}

export interface PolicyBody {
  /** Bytes that came; more than the route shows when `tooLarge`. */
  readonly sizeBytes: number;
  readonly tooLarge: boolean;
  /** What a JSON body holds; null when it is something else. */
  readonly json: unknown;
  /** A body in UTF-8 that is not JSON; null when it is something else. */
  readonly text: string | null;
}

/** What is known of a request when its policy is asked. */
export interface RequestParts {
  readonly id: string;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** Normalised path, and query with its `?` or empty. */
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Header in which the API key came, in lower case. */
  readonly keyHeader: string | null;
  readonly body: PolicyBody | null;
  readonly route: string;
  readonly consumer: string | null;
  readonly tenant: string | null;
  readonly plan: string | null;
  readonly claims: Readonly<Record<string, unknown>> | null;
  readonly client: PolicyInput['client'];
}

export const INPUT_MAX_BYTES = 262_144;

const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie']);

export function inputOf(parts: RequestParts): PolicyInput {
  const { id, method, scheme, path, body, tenant, plan, claims, client } = parts;
  return {
    version: 1,
    request: {
      id,
      method,
      scheme,
      host: parts.host.replace(/:\d*$/, '').toLowerCase(),
      path,
      segments: path.split('/').slice(1).map(decoded),
      query: queryOf(parts.query),
      headers: headersOf(parts.headers, parts.keyHeader),
      body,
    },
    route: { name: parts.route },
    consumer: parts.consumer === null ? null : { name: parts.consumer },
    tenant,
    plan,
    claims,
    client,
  };
}

/** `bytes` are at most `maxBytes` of a body of `sizeBytes`. */
export function bodyOf(
  bytes: Uint8Array,
  {
    contentType,
    maxBytes,
    sizeBytes = bytes.length,
  }: {
    readonly contentType: string;
    readonly maxBytes: number;
    readonly sizeBytes?: number;
  },
): PolicyBody {
  if (sizeBytes > maxBytes) return { sizeBytes, tooLarge: true, json: null, text: null };
  const text = utf8(bytes);
  if (text !== null && /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)) {
    const json = jsonOf(text);
    if (json !== undefined) return { sizeBytes, tooLarge: false, json, text: null };
  }
  return { sizeBytes, tooLarge: false, json: null, text };
}

/** Undefined where it is none, or where the upstream could read another one. */
function jsonOf(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return isUnambiguous(text) && hasFiniteNumbers(text) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** A larger one would become null on its way to the policy. `text` is JSON already. */
function hasFiniteNumbers(text: string): boolean {
  if (!/e\+?\d{3}|\d{200}/i.test(text)) return true;
  let isFinite = true;
  JSON.parse(text, (_name, value: unknown) => {
    if (typeof value === 'number') isFinite &&= Number.isFinite(value);
    return null;
  });
  return isFinite;
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** A segment that can't be decoded stays as it is. */
function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function queryOf(query: string): Record<string, string[]> {
  if (query.length <= 1) return {};
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const earlier = values.get(name);
    if (earlier === undefined) values.set(name, [value]);
    else earlier.push(value);
  }
  return Object.fromEntries(values);
}

function headersOf(
  fields: readonly (readonly [string, string])[],
  keyHeader: string | null,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [written, value] of fields) {
    const name = written.toLowerCase();
    if (CREDENTIALS.has(name) || name === keyHeader) continue;
    if (Object.hasOwn(headers, name)) headers[name] = `${headers[name]}, ${value}`;
    else if (name === '__proto__') own(headers, name, value);
    else headers[name] = value;
  }
  return headers;
}

/** For the one name that an assignment takes for something else. */
function own(headers: Record<string, string>, name: string, value: string): void {
  Object.defineProperty(headers, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
