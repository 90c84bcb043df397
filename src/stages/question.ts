/**
 * The question of a paused exchange: what native code tells of a request that it can't decide on.
 *
 * Names of fields are matched in any case, and the values of fields of one name are joined as
 * RFC 9110 §5.3 has it. Text is ISO 8859-1, a character for a byte, as the head came.
 *
 * @module
 */

import type { WorkerCore } from '../native/addon.ts';
import { RECORD_WORDS, STAGE } from '../native/record.ts';

export interface Question {
  readonly id: number;
  /** One of `STAGE`. */
  readonly stage: number;
  readonly route: string;
  readonly method: string;
  /** Scheme, host, normalised path, and query. */
  readonly url: string;
  /** SHA-256 of the client's certificate in base64url (RFC 8705 §3.1). */
  readonly certificateSha256: string | null;
  readonly header: (name: string) => string | undefined;
  /** Names as they came. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** What else a policy is told; null where none is asked. */
  readonly known: Known | null;
}

/** What the steps before a policy know of a request. Text is Unicode. */
export interface Known {
  readonly requestId: string;
  readonly clientIp: string;
  readonly consumer: string | null;
  readonly tenant: string | null;
  readonly plan: string | null;
  /** As in RFC 4514. */
  readonly certificateSubject: string;
  /** JSON of the verified token's claims. */
  readonly claims: string | null;
  /** Of the body, as much as the policy sees. */
  readonly body: Uint8Array;
  /** Of the whole body, as far as it has come or was declared. */
  readonly bodySizeBytes: number;
}

type Start = Omit<Known, 'body' | 'bodySizeBytes'>;

const KNOWN_PARTS = 7;
const WORD_VALUES = 2 ** 32;

/** Reads the record at `at`; what it gives stays valid. */
export function readQuestion({ records, data }: WorkerCore, at: number): Question {
  const [id = 0, , stage = 0, start = 0, bodyStart = 0, bodyEnd = 0, low = 0, high = 0] =
    records.subarray(at, at + RECORD_WORDS);
  const bytes = data.subarray(start, bodyStart);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (stage !== STAGE.policy) return questionOf(id, stage, text);
  const body = data.slice(bodyStart, bodyEnd);
  const { known, rest } = knownOf(text);
  const bodySizeBytes = high * WORD_VALUES + low;
  return { ...questionOf(id, stage, rest), known: { ...known, body, bodySizeBytes } };
}

/** Takes the start of a question to a policy off. */
export function knownOf(text: string): { readonly known: Start; readonly rest: string } {
  const parts = text.split('\0', KNOWN_PARTS);
  const [requestId = '', clientIp = '', consumer, tenant, plan, subject = '', claims] = parts.map(
    (part) => Buffer.from(part, 'latin1').toString(),
  );
  return {
    known: {
      requestId,
      clientIp,
      consumer: consumer || null,
      tenant: tenant || null,
      plan: plan || null,
      certificateSubject: subject,
      claims: claims || null,
    },
    rest: text.slice(parts.join('\0').length + 1),
  };
}

/** Takes the text of a question apart. */
export function questionOf(id: number, stage: number, text: string): Question {
  const [route = '', method = '', url = '', thumbprint = '', ...rest] = text.split('\0');
  const fields = Array.from({ length: rest.length >> 1 }, (_, index) => {
    const [name = '', value = ''] = rest.slice(2 * index, 2 * index + 2);
    return [name, value] as const;
  });
  return {
    id,
    stage,
    route,
    method,
    url,
    certificateSha256: thumbprint === '' ? null : thumbprint,
    header: (name) => valueOf(fields, name.toLowerCase()),
    fields,
    known: null,
  };
}

function valueOf(fields: Question['fields'], wanted: string): string | undefined {
  const values = fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}
