/**
 * The question of a paused exchange: what native code tells of a request that it can't decide on.
 *
 * Names of fields are matched in any case, and the values of fields of one name are joined as
 * RFC 9110 §5.3 has it. Text is ISO 8859-1, a character for a byte, as the head came.
 *
 * @module
 */

import type { WorkerCore } from '../native/addon.ts';

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
}

/** Reads the record at `at`; what it gives stays valid. */
export function readQuestion({ records, data }: WorkerCore, at: number): Question {
  const bytes = data.subarray(records[at + 3] ?? 0, records[at + 4] ?? 0);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return questionOf(records[at] ?? 0, records[at + 2] ?? 0, text);
}

/** Takes the text of a question apart. */
export function questionOf(id: number, stage: number, text: string): Question {
  const [route = '', method = '', url = '', thumbprint = '', ...fields] = text.split('\0');
  return {
    id,
    stage,
    route,
    method,
    url,
    certificateSha256: thumbprint === '' ? null : thumbprint,
    header: (name) => valueOf(fields, name.toLowerCase()),
  };
}

function valueOf(fields: readonly string[], wanted: string): string | undefined {
  const values: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() === wanted) values.push(fields[at + 1] ?? '');
  }
  return values.length === 0 ? undefined : values.join(', ');
}
