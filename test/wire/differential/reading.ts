/**
 * What the bytes of a client mean to a reader that knows the RFC and nothing of the gateway.
 *
 * Source: RFC 9112 §2.2, §9.3, §9.6.
 *
 * @module
 */

import { parseRequest, type RequestMessage, valuesOf } from '../../support/http1.ts';
import { readChunks } from './chunks.ts';

const METHOD_MAX_BYTES = 32;

export interface Reading {
  /** The complete requests, in order. */
  readonly requests: readonly RequestMessage[];
  /**
   * What stands behind them: nothing, the start of another request, something that is none, or
   * anything at all, because the last request ended the connection.
   */
  readonly tail: 'end' | 'partial' | 'invalid' | 'closed';
  /** The first word of a tail that is partial or invalid. */
  readonly tailMethod: string;
}

/** The method of the request that the answer with this index is to. */
export function methodOf({ requests, tailMethod }: Reading, index: number): string {
  return requests[index]?.method ?? (index === requests.length ? tailMethod : '');
}

function persists(head: string, request: RequestMessage): boolean {
  const fields = valuesOf(request.fields, 'connection').join().toLowerCase();
  // White space here is these two; a no-break space belongs to the option (RFC 9110 §5.6.3).
  const options = new Set(
    fields.split(',').map((option) => option.replace(/^[ \t]+|[ \t]+$/g, '')),
  );
  if (options.has('close')) return false;
  return / HTTP\/1\.1\r\n/.test(head) || options.has('keep-alive');
}

export function readingOf(bytes: Buffer): Reading {
  const requests: RequestMessage[] = [];
  for (let at = 0; ; ) {
    // A server skips empty lines before a request line.
    while (bytes[at] === 13 && bytes[at + 1] === 10) at += 2;
    if (at === bytes.length) return { requests, tail: 'end', tailMethod: '' };
    const rest = bytes.subarray(at);
    const parsed = parseRequest(rest, readChunks);
    if (parsed.kind !== 'message') {
      const [tailMethod = ''] = rest.toString('latin1', 0, METHOD_MAX_BYTES).split(' ');
      return { requests, tail: parsed.kind, tailMethod };
    }
    requests.push(parsed.message);
    const line = rest.toString('latin1', 0, rest.indexOf('\r\n') + 2);
    if (!persists(line, parsed.message)) return { requests, tail: 'closed', tailMethod: '' };
    at += parsed.length;
  }
}
