/**
 * What the admin listener answers when it cannot: a closed table of problems.
 *
 * Source: RFC 9457.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';

// biome-ignore format: a table is read by column.
const PROBLEMS = {
  route_not_found:    { status: 404, title: 'No such admin route' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  internal_error:     { status: 500, title: 'Internal error' },
} as const;

export type AdminProblem = keyof typeof PROBLEMS;

/** Writes and ends the response. HEAD gets the same fields and no body. */
export function sendProblem(
  response: ServerResponse,
  code: AdminProblem,
  detail: string,
  fields: Readonly<Record<string, string>> = {},
): void {
  const { status, title } = PROBLEMS[code];
  const problem = { type: `urn:stoa:problem:${code}`, title, status, code, detail };
  const body = `${JSON.stringify(problem)}\n`;
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...fields,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
