/**
 * SHA-256 of a certificate, in the forms that proxies and tokens write it in.
 *
 * Source: RFC 8705 §3.1 (`x5t#S256`: base64url), RFC 4648 §5.
 *
 * @module
 */

const BYTES = 32;

/** 64 lower-case hexadecimal digits; null when the text is no such digest. */
export function thumbprintFrom(text: string): string | null {
  const hex = text.replaceAll(':', '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex) && /^[0-9a-f]+$|^(?:[0-9a-f]{2}:){31}[0-9a-f]{2}$/i.test(text)) {
    return hex;
  }
  const [, digits] = /^([\w+/-]{43})=?$/.exec(text) ?? [];
  if (digits === undefined) return null;
  const bytes = Buffer.from(digits, 'base64url');
  return bytes.length === BYTES ? bytes.toString('hex') : null;
}
