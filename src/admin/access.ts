/**
 * Who may change something over the admin listener, and see what was changed.
 *
 * Not a web page, whoever opened it: a browser names the page (`Origin`, `Sec-Fetch-Site`), and a page that has had
 * its own name point here still asks for that name (`Host`). On loopback everybody else on this machine may, unless
 * there is a token; on any other address nobody may without one.
 * Source: RFC 6454 §7, RFC 6750 §2.1, W3C Fetch Metadata §2.4.
 *
 * @module
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

import type { AdminProblem } from './problem.ts';

export interface Access {
  /** What callers have to send; null for nothing. */
  readonly token: string | null;
  /** Name that the listener is configured with. */
  readonly host: string;
  /** Whether only this machine can connect. */
  readonly isLoopback: boolean;
}

export interface NoAccess {
  readonly code: AdminProblem;
  readonly detail: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Null when the request may go on. */
export function refusedAccess({ headers }: IncomingMessage, access: Access): NoAccess | null {
  const site = headers['sec-fetch-site'] ?? 'none';
  if (headers.origin !== undefined || site !== 'none') {
    return noAccess('browser_refused', 'a web page may not ask for this; use the command line');
  }
  if (!isKnownHost(headers.host ?? '', access.host)) {
    return noAccess('host_not_known', 'ask by address, by "localhost" or by the configured name');
  }
  if (access.token === null) {
    return access.isLoopback
      ? null
      : noAccess('token_not_configured', 'set admin.tokenFile, or keep admin.address on loopback');
  }
  const [, presented = ''] = /^bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return isSame(presented, access.token)
    ? null
    : noAccess('token_wrong', 'send the token of admin.tokenFile', {
        'www-authenticate': 'Bearer realm="stoa-admin"',
      });
}

/** An address can't be made to point elsewhere, as a name can. */
function isKnownHost(field: string, configured: string): boolean {
  const name = field.replace(/:\d*$/, '').toLowerCase();
  const address = name.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) !== 0 || name === 'localhost' || name === configured.toLowerCase();
}

/** In the same time whatever they are. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return first !== undefined && second !== undefined && timingSafeEqual(first, second);
}

function noAccess(
  code: AdminProblem,
  detail: string,
  fields: Readonly<Record<string, string>> = {},
): NoAccess {
  return { code, detail, fields };
}
