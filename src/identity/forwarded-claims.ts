/**
 * Claims as text that may leave the gateway: names of callers, and values of headers.
 *
 * A value is printable ASCII, so it can never end its line: plain text as it is, everything else as
 * JSON with escapes. Text that could be read as JSON is JSON too, so a caller whose name is
 * `["admin"]` has no list of roles.
 * Bounds: 256 characters of a name, 4096 of a header's value.
 * Source: RFC 9110 §5.5 (field values), RFC 8259 §7 (escapes).
 *
 * @module
 */

const NAME_MAX_CHARS = 256;
const VALUE_MAX_CHARS = 4096;

/** Null when the claim can't name anybody. */
export function nameFrom(claim: unknown): string | null {
  const text = typeof claim === 'number' ? String(claim) : claim;
  if (typeof text !== 'string' || text.length > NAME_MAX_CHARS) return null;
  return /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(text) ? text : null;
}

/** Null when it is too long. */
export function headerValueFrom(claim: unknown): string | null {
  const isPlain =
    typeof claim === 'string' && /^(?![[{"\s])[\x20-\x7e]+$/.test(claim) && !claim.endsWith(' ');
  const text = isPlain ? claim : asciiJson(claim);
  return text.length > VALUE_MAX_CHARS ? null : text;
}

function asciiJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
