/**
 * Consumers: who may call, for which tenant, with which keys and passwords.
 *
 * A key never leaves this file in the clear: what is written as `value` becomes its SHA-256 here. Of a password
 * there is a slow hash only.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import * as z from 'zod';

import { Name } from './fields.ts';
import { parsePasswordHash } from './password-hash.ts';

/** 64 hexadecimal digits. Keys are random, so a plain digest is as good as a slow one. */
export function digestOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** What can be carried in a header as it is. Bound: 1024 characters. */
export function isKey(text: string): boolean {
  return /^[\x21-\x7e]{1,1024}$/.test(text);
}

/** Source: RFC 7617 §2: a colon would end it. Bound: 255 bytes of UTF-8. */
export function isUsername(text: string): boolean {
  return text !== '' && !text.includes(':') && isPlainText(text, 255);
}

/** Bound: 1024 bytes of UTF-8. */
export function isPassword(text: string): boolean {
  return isPlainText(text, 1024);
}

/** Without control characters. Source: RFC 5234 §B.1, CTL. */
function isPlainText(text: string, maxBytes: number): boolean {
  const bytes = Buffer.from(text);
  return bytes.length <= maxBytes && bytes.every((byte) => byte >= 0x20 && byte !== 0x7f);
}

const Expiry = z
  .string()
  .refine(isExpiry, 'not a date; expected 2027-01-31 or 2027-01-31T12:00:00Z (in quotes is best)');

const RuleText = z.string().min(1).max(2048).nullable().default(null);

const ApiKey = z
  .strictObject({
    sha256: z
      .string()
      .regex(/^[0-9A-Fa-f]{64}$/, 'expected 64 hexadecimal digits, as `keys hash` prints them')
      .optional()
      .describe('SHA-256 of the key, as `stoa-gateway keys hash` prints it.'),
    value: z
      .string()
      .refine(isKey, 'a key is 1 to 1024 visible ASCII characters without spaces')
      .optional()
      .describe('The key itself; better `${ENV_NAME}` or `file:path`. Hashed when it is loaded.'),
    expiresAt: Expiry.nullable()
      .default(null)
      .describe('From then on it is refused: a date (its first moment, UTC) or an RFC 3339 time.'),
  })
  .refine(
    (key) => (key.sha256 === undefined) !== (key.value === undefined),
    'exactly one of sha256 and value is needed',
  )
  .transform(({ sha256, value, expiresAt }) => ({
    sha256: value === undefined ? (sha256 ?? '').toLowerCase() : digestOfKey(value),
    expiresAt,
  }));

const Basic = z
  .strictObject({
    username: z
      .string()
      .transform((text) => text.normalize('NFC'))
      .refine(isUsername, 'a user is 1 to 255 bytes of UTF-8 without colons and control characters')
      .describe('The user’s name; each once among all consumers.'),
    passwordHash: z
      .string()
      .superRefine((text, context) => {
        const hash = parsePasswordHash(text);
        if (typeof hash === 'string') context.addIssue({ code: 'custom', message: hash });
      })
      .describe(
        '`$scrypt$ln=…,r=…,p=…$SALT$HASH`, as `stoa-gateway keys hash-password` prints it; also `file:path`.',
      ),
  })
  .describe('A user, and a slow hash of the password.');

const CertificateRule = z
  .strictObject({
    spiffe: RuleText.describe('SPIFFE ID, or its beginning and `*`: `spiffe://example.test/ns/*`.'),
    uri: RuleText.describe('URI among its alternative names, or its beginning and `*`.'),
    dns: RuleText.describe('DNS name among them, or `*.` and a domain.'),
    email: RuleText.describe('Mail address among them.'),
    commonName: RuleText.describe('Common name of the subject.'),
    sha256: RuleText.describe('SHA-256 of the certificate, 64 hexadecimal digits.'),
  })
  .refine((rule) => Object.values(rule).some((text) => text !== null), {
    message: 'a rule without anything would mean every certificate',
  })
  .describe('Client certificates that have everything that is given.');

export const Consumer = z
  .strictObject({
    tenant: Name.nullable()
      .default(null)
      .describe('Whose it is; without it, the consumer’s own name.'),
    plan: Name.nullable()
      .default(null)
      .describe('What it may use; without it, what its token names, or its tenant’s plan.'),
    apiKeys: z
      .array(ApiKey)
      .max(10_000)
      .default([])
      .describe('Its keys; several may be valid at once.'),
    basic: z.array(Basic).max(1024).default([]).describe('Its users with their passwords.'),
    certificates: z
      .array(CertificateRule)
      .max(1024)
      .default([])
      .describe('Its client certificates; among all consumers, the first rule that fits counts.'),
  })
  .describe('Somebody who calls.');

/** Source: RFC 3339 §5.6, `full-date` and `date-time`. */
function isExpiry(text: string): boolean {
  const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/;
  if (!form.test(text)) return false;
  const time = Date.parse(text);
  if (Number.isNaN(time)) return false;
  // Date.parse takes 30 February for 2 March; a day that does not survive the round trip is none.
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) === day;
}
