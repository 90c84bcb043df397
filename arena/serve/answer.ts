/**
 * Writes answers: validators, compression, nothing for HEAD.
 *
 * Source: RFC 9110 §13.1.2 (If-None-Match), §12.5.3 (Accept-Encoding).
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { NOTHING_POLICY } from './content-policy.ts';
import { openPlain, type PlainFile } from './plain-file.ts';
import { PageProblem } from './problem.ts';

/** Below that, compressing costs more than it saves. */
const GZIP_MIN_BYTES = 1024;
/** Of nine; the rest is a few per cent for several times the work. */
const GZIP_LEVEL = 4;

export interface Content {
  readonly type: string;
  /** Content-Security-Policy; that of a page that may do nothing when absent. */
  readonly policy?: string;
}

/** Sets what every answer has. */
export function setUsualFields(response: ServerResponse): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('content-security-policy', NOTHING_POLICY);
}

/** Answers with text that has been made for this request. */
export async function answerText(
  response: ServerResponse,
  text: string,
  content: Content,
): Promise<void> {
  const body = Buffer.from(text);
  const etag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  await answerBytes(response, { etag, bytes: body.length, content }, () => Readable.from([body]));
}

/** Answers with a file, or 404 with `missing`. `contentOf` may look into the file. */
export async function answerFile(
  response: ServerResponse,
  path: string,
  maxBytes: number,
  missing: string,
  contentOf: (file: PlainFile) => Content | Promise<Content>,
): Promise<void> {
  const file = await openPlain(path, maxBytes);
  if (file === null) throw new PageProblem('page_not_found', missing);
  const { handle, bytes, etag } = file;
  try {
    const content = await contentOf(file);
    await answerBytes(response, { etag, bytes, content }, () =>
      // No further than announced: a run that goes on adds to its results.
      handle.createReadStream({ start: 0, end: Math.max(0, bytes - 1), autoClose: false }),
    );
  } finally {
    await handle.close();
  }
}

export function answerRedirect(response: ServerResponse, status: 302 | 308, to: string): void {
  response.writeHead(status, { location: to, 'content-length': 0, 'cache-control': 'no-store' });
  response.end();
}

interface Representation {
  readonly etag: string;
  readonly bytes: number;
  readonly content: Content;
}

async function answerBytes(
  response: ServerResponse,
  { etag, bytes, content }: Representation,
  open: () => Readable,
): Promise<void> {
  const { req: request } = response;
  if (content.policy !== undefined) response.setHeader('content-security-policy', content.policy);
  response.setHeader('etag', etag);
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('vary', 'accept-encoding');
  if (isKnown(request, etag)) {
    response.writeHead(304).end();
    return;
  }
  const compressed = bytes >= GZIP_MIN_BYTES && acceptsGzip(request);
  response.setHeader('content-type', content.type);
  if (compressed) response.setHeader('content-encoding', 'gzip');
  else response.setHeader('content-length', bytes);
  response.writeHead(200);
  if (request.method === 'HEAD' || bytes === 0) {
    response.end();
  } else if (compressed) {
    await pipeline(open(), createGzip({ level: GZIP_LEVEL }), response);
  } else {
    await pipeline(open(), response);
  }
}

function isKnown({ headers }: IncomingMessage, etag: string): boolean {
  const known = (headers['if-none-match'] ?? '').split(',').map((text) => text.trim());
  const opaque = etag.replace(/^W\//, '');
  return known.some((text) => text === '*' || text.replace(/^W\//, '') === opaque);
}

/** Named, and not with weight 0. `*` alone is not taken for it. */
function acceptsGzip({ headers }: IncomingMessage): boolean {
  const offers = (headers['accept-encoding'] ?? '').split(',');
  return offers.some((offer) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(offer));
}
