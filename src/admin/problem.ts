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
  body_invalid:           { status: 400, title: 'Body not understood' },
  token_wrong:            { status: 401, title: 'Admin token required' },
  host_not_known:         { status: 403, title: 'Host not known' },
  browser_refused:        { status: 403, title: 'Not for web pages' },
  token_not_configured:   { status: 403, title: 'No admin token configured' },
  route_not_found:        { status: 404, title: 'No such admin route' },
  revocation_not_found:   { status: 404, title: 'No such revocation' },
  method_not_allowed:     { status: 405, title: 'Method not allowed' },
  revocations_elsewhere:  { status: 409, title: 'Revocations kept by another gateway' },
  body_too_large:         { status: 413, title: 'Body too large' },
  unsupported_media_type: { status: 415, title: 'Media type not supported' },
  revocation_invalid:     { status: 422, title: 'Revocation not understood' },
  internal_error:         { status: 500, title: 'Internal error' },
  revocations_not_kept:   { status: 500, title: 'Revocations cannot be kept' },
  revocations_full:       { status: 507, title: 'No room for more revocations' },
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
