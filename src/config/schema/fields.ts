/**
 * The kinds of value that several parts of the configuration share.
 *
 * @module
 */

import * as z from 'zod';

import { parseAddress } from '../address.ts';

/** Longest duration anywhere: one day. */
const DURATION_MAX_MS = 86_400_000;

/** A whole number in `min..=max`. */
export function whole(min: number, max: number): z.ZodInt {
  return z.int().min(min).max(max);
}

/** Milliseconds, at least 1. */
export function duration(): z.ZodInt {
  return whole(1, DURATION_MAX_MS);
}

/** Milliseconds, where 0 switches the timeout off. */
export function optionalDuration(): z.ZodInt {
  return whole(0, DURATION_MAX_MS);
}

/** Where to listen. */
export const AddressText = z
  .string()
  .max(300)
  .refine(
    (text) => parseAddress(text) !== null,
    'not an address; expected host:port, such as 127.0.0.1:8080 or [::1]:8080',
  );

/** What an upstream, a route or a consumer may be called: it appears in logs, metrics and headers. */
export const Name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@:-]{0,127}$/,
    'a name is 1 to 128 letters, digits, ".", "_", "-", "@" or ":", and starts with a letter or digit',
  );

/** Source: RFC 9110 §5.6.2, token. */
export const HeaderName = z
  .string()
  .regex(
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/,
    'not a header name: letters, digits and "-" only, at most 128 characters',
  );

/** Text that ends up in a header or a target: no control characters, so it can never end the line. */
export const Template = z
  .string()
  .max(4096)
  .refine((text) => !hasControl(text), 'control characters are not allowed');

/** Source: RFC 9110 §9.1; methods are case-sensitive. */
export const Method = z
  .string()
  .regex(/^[A-Z][A-Z0-9_-]{0,31}$/, 'a method is written in capitals, such as GET');

export const AbsolutePath = z
  .string()
  .max(2048)
  .regex(/^\//, 'a path starts with "/"')
  .refine((text) => !hasControl(text), 'control characters are not allowed');

function hasControl(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true;
  }
  return false;
}
