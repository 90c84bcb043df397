/**
 * One thing that is revoked: what it is, how a caller asks for it, and what it is known by.
 *
 * Of a key and a token there is only a digest: SHA-256 of a key; of a signed token's text before its last dot, since
 * there may be several signatures for the same words; of all of any other token.
 * Bounds: names of 1024 characters, identifiers of issuers of 2048.
 * Source: RFC 7519 §4.1 (`iss`, `sub`, `jti`), RFC 7515 §7.1 (compact form).
 *
 * @module
 */

import { createHash } from 'node:crypto';

/** In the order of native/core/src/revocation/mark.rs, which numbers them. */
export const KINDS = ['key', 'token', 'jti', 'subject', 'consumer', 'tenant'] as const;

export type Kind = (typeof KINDS)[number];

export interface Thing {
  readonly kind: Kind;
  /** Identifier of the issuer of a `jti` or a `subject`; null for the others. */
  readonly issuer: string | null;
  /** For a key and a token, the digest in lower-case hexadecimal. */
  readonly name: string;
}

export interface Revocation extends Thing {
  /** Follows from the thing: who revokes it twice has the same one. */
  readonly id: string;
  /** RFC 3339. */
  readonly revokedAt: string;
  /** When the token expires by itself, RFC 3339; null for never. */
  readonly expiresAt: string | null;
}

const NAME_MAX_CHARS = 1024;
const ISSUER_MAX_CHARS = 2048;
const MEMBERS: ReadonlySet<string> = new Set(['kind', 'name', 'issuer', 'expiresAt']);

interface Asked {
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly issuer?: unknown;
  readonly expiresAt?: unknown;
}

/**
 * What is asked for: a thing and when it ends by itself, or what is wrong in one sentence. `issuerOf` gives the
 * identifier of who has this name, or is called so.
 */
export function requestFrom(
  value: unknown,
  issuerOf: (name: string) => string | null,
): { readonly thing: Thing; readonly expiresAt: string | null } | string {
  if (typeof value !== 'object' || value === null) return 'expected a JSON object';
  if (Object.keys(value).some((name) => !MEMBERS.has(name))) {
    return `unknown member; expected ${[...MEMBERS].join(', ')}`;
  }
  const asked: Asked = value;
  const kind = KINDS.find((one) => one === asked.kind);
  if (kind === undefined) return `kind is one of ${KINDS.join(', ')}`;
  const name = nameFrom(kind, asked.name);
  if (!name.ok) return name.wrong;
  const issuer = issuerFrom(kind, asked.issuer ?? null, issuerOf);
  if (!issuer.ok) return issuer.wrong;
  const expiry = expiryFrom(kind, asked.expiresAt ?? null);
  if (!expiry.ok) return expiry.wrong;
  return { thing: { kind, issuer: issuer.is, name: name.is }, expiresAt: expiry.is };
}

type Part<T> =
  | { readonly ok: true; readonly is: T }
  | { readonly ok: false; readonly wrong: string };

function nameFrom(kind: Kind, name: unknown): Part<string> {
  if (!isText(name, NAME_MAX_CHARS)) {
    return { ok: false, wrong: `name is text of 1 to ${NAME_MAX_CHARS} characters` };
  }
  if (kind !== 'key' && kind !== 'token') return { ok: true, is: name };
  if (/^[0-9a-f]{64}$/i.test(name)) return { ok: true, is: name.toLowerCase() };
  const wrong = `the name of a ${kind} is a SHA-256 digest in 64 hexadecimal digits, never the ${kind} itself`;
  return { ok: false, wrong };
}

function expiryFrom(kind: Kind, expiresAt: unknown): Part<string | null> {
  if (expiresAt === null) return { ok: true, is: null };
  const time = timeFrom(expiresAt);
  if (time === undefined) {
    const wrong = 'expiresAt is a time as in RFC 3339, such as 2027-01-31T12:00:00Z';
    return { ok: false, wrong };
  }
  return kind === 'token' || kind === 'jti'
    ? { ok: true, is: time }
    : { ok: false, wrong: 'only a token has expiresAt' };
}

function issuerFrom(
  kind: Kind,
  issuer: unknown,
  issuerOf: (name: string) => string | null,
): Part<string | null> {
  if (kind !== 'jti' && kind !== 'subject') {
    return issuer === null
      ? { ok: true, is: null }
      : { ok: false, wrong: `a ${kind} has no issuer` };
  }
  if (issuer === null) return { ok: false, wrong: `a ${kind} needs its issuer` };
  const identifier = isText(issuer, ISSUER_MAX_CHARS) ? issuerOf(issuer) : null;
  const wrong = 'unknown issuer; expected a name in identity.issuers, or the identifier of one';
  return identifier === null ? { ok: false, wrong } : { ok: true, is: identifier };
}

/** What stands in a file; null when that is none. */
export function revocationFrom(value: unknown): Revocation | null {
  if (typeof value !== 'object' || value === null) return null;
  const { id, revokedAt, ...asked }: Asked & { id?: unknown; revokedAt?: unknown } = value;
  const request = requestFrom(asked, (issuer) => issuer);
  const time = timeFrom(revokedAt);
  if (typeof request === 'string' || typeof time !== 'string') return null;
  const { thing, expiresAt } = request;
  return id === idOf(thing) ? { id, ...thing, revokedAt: time, expiresAt } : null;
}

/** 128 bits in hexadecimal. */
export function idOf({ kind, issuer, name }: Thing): string {
  return sha256(JSON.stringify([kind, issuer, name])).slice(0, 32);
}

export function isId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** How the table of native code knows it. */
export function numberOf(kind: Kind): number {
  return KINDS.indexOf(kind);
}

/** What a token is revoked by, and when it says that it expires; nothing of it is verified. */
export function tokenDigest(token: string): { sha256: string; expiresAt: string | null } {
  const parts = token.split('.', 4);
  const [head = '', claims = ''] = parts;
  if (parts.length !== 3) return { sha256: sha256(token), expiresAt: null };
  return { sha256: sha256(`${head}.${claims}`), expiresAt: expiryIn(claims) };
}

function expiryIn(claims: string): string | null {
  try {
    const said: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
    if (typeof said !== 'object' || said === null || !('exp' in said)) return null;
    // Later than year 9999 has another form, and is as good as never.
    const isTime = typeof said.exp === 'number' && said.exp < 253_402_300_800;
    return isTime ? new Date(Number(said.exp) * 1000).toISOString() : null;
  } catch {
    return null;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function isText(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxChars;
}

/** In one form; undefined when it is no time. */
function timeFrom(value: unknown): string | undefined {
  const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/;
  if (typeof value !== 'string' || !form.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
