/**
 * A small JSON document from a server or a file, or the reason why there is none.
 *
 * No redirect is followed: who answers is who was asked. Bounds: 1 MiB, and the time that is given.
 * Source: OpenID Connect Discovery 1.0 §4.2, RFC 8414 §3.2.
 *
 * @module
 */

import { open } from 'node:fs/promises';

import { type Members, parseStrictObject } from './strict-json.ts';

const DOCUMENT_MAX_BYTES = 1_048_576;

export type Fetched =
  | { readonly ok: true; readonly document: Members }
  /** `status` of the answer, when there was one. */
  | { readonly ok: false; readonly reason: string; readonly status: number | null };

interface Question {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
}

/** Never rejects. */
export async function fetchDocument(
  url: string,
  signal: AbortSignal,
  question: Question = { method: 'GET', headers: {} },
): Promise<Fetched> {
  try {
    const response = await fetch(url, {
      ...question,
      headers: { accept: 'application/json, application/jwk-set+json', ...question.headers },
      redirect: 'error',
      signal,
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return failed(`status ${response.status}`, response.status);
    }
    return parsed(await textOf(response));
  } catch (error) {
    return failed(reasonOf(error));
  }
}

/** The same from a file. Never rejects. */
export async function readDocumentFile(path: string): Promise<Fetched> {
  try {
    const file = await open(path);
    try {
      const bytes = Buffer.alloc(DOCUMENT_MAX_BYTES + 1);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return parsed(bytesRead > DOCUMENT_MAX_BYTES ? null : bytes.toString('utf8', 0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    return failed(reasonOf(error));
  }
}

/** Null when it is longer than the bound; then the rest is not read. */
async function textOf(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > DOCUMENT_MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string | null): Fetched {
  if (text === null) return failed(`longer than ${DOCUMENT_MAX_BYTES} bytes`);
  const document = parseStrictObject(text);
  return document === null ? failed('not one JSON object') : { ok: true, document };
}

function failed(reason: string, status: number | null = null): Fetched {
  return { ok: false, reason, status };
}

/** `fetch` says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
