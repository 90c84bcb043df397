/**
 * Tokens that are made for one sender: held to their certificate or key, whatever the route asks.
 *
 * A token with a binding that is not understood is nobody's. Source: RFC 7800 §3.1 (`cnf`), RFC 8705
 * §3.1 (`x5t#S256`), RFC 9449 §6.1 (`jkt`), §7.2 (no downgrade to Bearer).
 *
 * @module
 */

import type { JwtRoute } from './claims.ts';
import { type Refusal, refusal } from './refusal.ts';
import { isMembers, type Members, memberOf } from './strict-json.ts';
import { thumbprintFrom } from './thumbprint.ts';

export interface Sender {
  readonly isDpop: boolean;
  /** SHA-256 of its certificate in any form of `thumbprint.ts`; null without one. */
  readonly certificateSha256: string | null;
}

export interface Binding {
  /** Thumbprint of the key that a proof must be made with; null when none is needed. */
  readonly keyThumbprint: string | null;
  readonly isBound: boolean;
}

/** What is left to be proven, or why the token is not this sender's. */
export function checkBinding(
  claims: Members,
  { bound }: Pick<JwtRoute, 'bound'>,
  sender: Sender,
): Binding | Refusal {
  const confirmation = memberOf(claims, 'cnf') ?? {};
  if (!isMembers(confirmation)) return refusal('token_malformed', 'cnf is no object');
  const certificate = memberOf(confirmation, 'x5t#S256');
  const key = memberOf(confirmation, 'jkt');
  const others = Object.keys(confirmation).filter((name) => name !== 'x5t#S256' && name !== 'jkt');
  if (others.length > 0) return unbound('the token is bound in a way that is not understood');
  if (bound === 'certificate' && certificate === undefined) {
    return unbound('the token is not bound to a certificate');
  }
  if (certificate !== undefined && !isSame(certificate, sender.certificateSha256)) {
    return unbound('the token is bound to another certificate, or there is none');
  }
  return checkKey(key, bound, { isDpop: sender.isDpop, isBound: certificate !== undefined });
}

function checkKey(
  key: unknown,
  bound: JwtRoute['bound'],
  { isDpop, isBound }: { readonly isDpop: boolean; readonly isBound: boolean },
): Binding | Refusal {
  if (key === undefined) {
    return bound === 'dpop' || isDpop
      ? unbound('the token is not bound to a key')
      : { keyThumbprint: null, isBound };
  }
  if (typeof key !== 'string') return refusal('token_malformed', 'cnf.jkt is no text');
  return isDpop
    ? { keyThumbprint: key, isBound: true }
    : unbound('the token is bound to a key: use the scheme DPoP with a proof');
}

function isSame(claim: unknown, presented: string | null): boolean {
  if (typeof claim !== 'string' || presented === null) return false;
  // RFC 8705 knows base64url only: a digest in another form in the token is not one.
  const expected = /^[\w-]{43}$/.test(claim) ? thumbprintFrom(claim) : null;
  return expected !== null && expected === thumbprintFrom(presented);
}

function unbound(detail: string): Refusal {
  return refusal('token_not_bound', detail);
}
