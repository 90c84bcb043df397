/**
 * The token in an `Authorization` field.
 *
 * Source: RFC 6750 §2.1 (Bearer), RFC 9449 §7.1 (DPoP), RFC 9110 §11.4 (schemes have no case).
 *
 * @module
 */

import { type Refusal, refusal } from './refusal.ts';

export interface Credentials {
  readonly isDpop: boolean;
  readonly token: string;
}

/** Two fields, joined by a comma, are no token. Another scheme counts as none. */
export function readAuthorization(
  field: string | undefined,
  tokenMaxBytes: number,
): Credentials | Refusal {
  const [, scheme, rest = ''] = /^(bearer|dpop)(?: +(.*))?$/is.exec(field ?? '') ?? [];
  if (scheme === undefined) return refusal('token_missing', 'the request has no token');
  if (rest.length > tokenMaxBytes) return refusal('token_malformed', 'the token is too long');
  if (!/^[\w.~+/-]+=*$/.test(rest)) {
    return refusal('token_malformed', 'the Authorization field does not hold one token');
  }
  return { isDpop: scheme.toLowerCase() === 'dpop', token: rest };
}
