/**
 * The body of a request to the admin listener: one JSON document, said to be one.
 *
 * A form of a web page can't say so (`application/json` is none of its types).
 * Bounds: 16 KiB; the time is the listener's.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';

import type { AdminProblem } from './problem.ts';

const BODY_MAX_BYTES = 16_384;

export type Body =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: AdminProblem; readonly detail: string };

/** Rejects when the client goes before its end. */
export async function readJson(request: IncomingMessage): Promise<Body> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json(?: *;.*)?$/i.test(type)) {
    return { ok: false, code: 'unsupported_media_type', detail: 'send application/json' };
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) {
      return { ok: false, code: 'body_too_large', detail: `at most ${BODY_MAX_BYTES} bytes` };
    }
    chunks.push(chunk);
  }
  try {
    return { ok: true, value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { ok: false, code: 'body_invalid', detail: 'the body is not JSON' };
  }
}
