/**
 * User and password in an `Authorization: Basic` field.
 *
 * One text has one reading: base64 with its padding and no bits left over, UTF-8 without a flaw, no control
 * characters. The user ends at the first colon. Both are put in normal form C, as `keys hash-password` does it.
 * Bounds: 255 bytes of user, 1024 of password, 1708 characters of base64.
 * Source: RFC 7617 §2 and §2.1, RFC 4648 §3.5 and §4, RFC 8265 §4.2.
 *
 * @module
 */

import { isPassword, isUsername } from '../../config/schema/consumers.ts';

export interface UserAndPassword {
  readonly user: string;
  readonly password: string;
}

/** The same as in `native/core/src/decide/basic.rs`. */
const ENCODED_MAX_CHARS = 1708;

/** Whether the field has the scheme `Basic`, right or wrong. */
export function isBasic(field: string | undefined): boolean {
  return /^basic(?: |$)/i.test(field ?? '');
}

/** Null when the field holds no user and password in the one form that counts. */
export function readBasic(field: string): UserAndPassword | null {
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(field) ?? [];
  if (encoded === '' || encoded.length > ENCODED_MAX_CHARS) return null;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return null;
  const text = textOf(bytes);
  const colon = text?.indexOf(':') ?? -1;
  if (text === null || colon < 0) return null;
  const user = normalForm(text.slice(0, colon));
  const password = normalForm(text.slice(colon + 1));
  return isUsername(user) && isPassword(password) ? { user, password } : null;
}

export function normalForm(text: string): string {
  return text.normalize('NFC');
}

function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
