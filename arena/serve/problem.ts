/**
 * What is answered instead of a page: a closed table of problems.
 *
 * Source: RFC 9457.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';

// biome-ignore format: a table is read by column.
const PROBLEMS = {
  page_not_found:     { status: 404, title: 'No such page' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  internal_error:     { status: 500, title: 'Internal error' },
  file_too_large:     { status: 500, title: 'Too large to be shown' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** A page that can't be shown; `detail` is for whoever asked, and names no path of the server. */
export class PageProblem extends Error {
  readonly code: ProblemCode;

  constructor(code: ProblemCode, detail: string) {
    super(detail);
    this.name = 'PageProblem';
    this.code = code;
  }
}

/** Writes and ends the response. HEAD gets the same fields and no body. */
export function answerProblem(response: ServerResponse, { code, message }: PageProblem): void {
  const { status, title } = PROBLEMS[code];
  const type = `urn:stoa-arena:problem:${code}`;
  const body = Buffer.from(`${JSON.stringify({ type, title, status, code, detail: message })}\n`);
  if (status === 405) response.setHeader('allow', 'GET, HEAD');
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': body.length,
    'cache-control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
