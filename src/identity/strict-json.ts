/**
 * JSON objects that can be read in one way only.
 *
 * `JSON.parse` takes the last of two members with one name; another reader takes the first, and both
 * believe that the signature covers what they saw. Here such an object is none.
 * Bounds: 32 levels; the length of the text is the caller's to bound.
 * Source: RFC 7515 §4 and RFC 7519 §4 (names must be unique), RFC 8259 §4.
 *
 * @module
 */

import { isUnambiguous } from '../json/unambiguous.ts';

/** Members by name; look them up with `memberOf`. */
export type Members = Readonly<Record<string, unknown>>;

/** Null when it is no object, has a name twice anywhere, or is nested deeper than 32 levels. */
export function parseStrictObject(text: string): Members | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return isMembers(value) && isUnambiguous(text) ? value : null;
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Its own member, never one of `Object.prototype`. */
export function memberOf(members: Members, name: string): unknown {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}
