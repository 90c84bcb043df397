/**
 * A signed token in compact form, taken apart and not yet believed.
 *
 * Strict where leniency would make two texts one token: the alphabet of base64url, no padding, no bits
 * left over, UTF-8, one reading of the JSON. Whatever a header says about where keys are (`jwk`,
 * `jku`, `x5u`, `x5c`) is never looked at.
 * Bounds: the length is the caller's to bound; 5 header parameters are understood, `crit` never.
 * Source: RFC 7515 §3.1, §4.1, §5.2; RFC 8725 (best practices).
 *
 * @module
 */

import { type Members, memberOf, parseStrictObject } from './strict-json.ts';

export interface Token {
  /** As it came: what the signature is verified over. */
  readonly compact: string;
  readonly header: Members;
  readonly algorithm: string;
  /** What the header names the key; null when it does not. */
  readonly keyId: string | null;
  /** Media type in lower case without `application/`; null when there is none. */
  readonly type: string | null;
  readonly claims: Members;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The token, or in a few words why it is none. */
export function parseToken(compact: string): Token | string {
  const parts = compact.split('.', 6);
  if (parts.length === 5) return 'it is encrypted';
  const [head = '', body = '', signature = ''] = parts;
  if (parts.length !== 3) return 'it does not have three parts';
  if (decoded(signature) === null) return 'its signature is not base64url';
  const header = objectIn(head);
  if (header === null) return 'its header is not one unambiguous JSON object in base64url';
  const claims = objectIn(body);
  if (claims === null) return 'its payload is not one unambiguous JSON object in base64url';
  const read = readHeader(header);
  return typeof read === 'string' ? read : { compact, header, claims, ...read };
}

/** A token without the dots of a signed or encrypted one: it says nothing by itself. */
export function isOpaque(text: string): boolean {
  return !/^[^.]*(?:\.[^.]*){2}(?:(?:\.[^.]*){2})?$/.test(text);
}

/** Source: RFC 7515 §4.1.9: `application/` is left out where no other slash follows. */
export function mediaTypeOf(type: string): string {
  const lower = type.toLowerCase();
  const [, short] = /^application\/([^/]+)$/.exec(lower) ?? [];
  return short ?? lower;
}

type ReadHeader = Pick<Token, 'algorithm' | 'keyId' | 'type'>;

function readHeader(header: Members): ReadHeader | string {
  // RFC 7515 §4.1.11: what is critical and not understood makes it invalid; nothing is understood.
  if (Object.hasOwn(header, 'crit')) return 'its header has critical extensions';
  if (Object.hasOwn(header, 'b64')) return 'its payload is not encoded';
  const algorithm = memberOf(header, 'alg');
  const keyId = memberOf(header, 'kid') ?? null;
  const type = memberOf(header, 'typ') ?? null;
  if (typeof algorithm !== 'string') return 'its header names no algorithm';
  if (keyId !== null && typeof keyId !== 'string') return 'its kid is not text';
  if (type !== null && typeof type !== 'string') return 'its typ is not text';
  return { algorithm, keyId, type: type === null ? null : mediaTypeOf(type) };
}

function objectIn(part: string): Members | null {
  const bytes = decoded(part);
  if (bytes === null) return null;
  try {
    return parseStrictObject(UTF8.decode(bytes));
  } catch {
    return null;
  }
}

/** Only the one text that these bytes have: bits left over would make a second token of it. */
function decoded(part: string): Buffer | null {
  if (!/^[\w-]+$/.test(part)) return null;
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : null;
}
