/**
 * What a verified token says: whether it counts now and here, and what of it goes on.
 *
 * Times are seconds in claims and milliseconds here. Nothing of a token is in a reason.
 * Source: RFC 7519 §4.1, RFC 9068 §4, RFC 8725 §3.9, RFC 6749 §3.3 (scopes).
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import type { Issuer } from './key-source.ts';
import { type Refusal, refusal } from './refusal.ts';
import { isMembers, type Members, memberOf } from './strict-json.ts';

export type JwtRoute = NonNullable<NonNullable<Model['routes'][number]['auth']>['jwt']>;

/** Longest list of audiences or scopes in a token. */
const ITEMS_MAX = 1024;

/** The whole name first; then `a.b` is member `b` of claim `a`. Undefined when there is none. */
export function claimAt(claims: Members, name: string): unknown {
  const whole = memberOf(claims, name);
  if (whole !== undefined || !name.includes('.')) return whole;
  let found: unknown = claims;
  for (const step of name.split('.')) found = isMembers(found) ? memberOf(found, step) : undefined;
  return found;
}

/** The first of several that is there and not null. */
export function firstClaim(claims: Members, names: readonly string[]): unknown {
  for (const name of names) {
    const found = claimAt(claims, name) ?? undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Milliseconds until which the token counts, or why it does not. */
export function checkTimes(
  claims: Members,
  { nowMs, clockSkewMs }: { readonly nowMs: number; readonly clockSkewMs: number },
): number | Refusal {
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map((name) => memberOf(claims, name));
  for (const time of [exp, nbf, iat]) {
    if (time !== undefined && !(typeof time === 'number' && Number.isFinite(time))) {
      return refusal('token_malformed', 'exp, nbf and iat must be numbers');
    }
  }
  if (typeof exp !== 'number') return refusal('token_malformed', 'the token has no exp');
  if (exp * 1000 + clockSkewMs <= nowMs) return refusal('token_expired', 'the token has expired');
  if (typeof nbf === 'number' && nbf * 1000 - clockSkewMs > nowMs) {
    return refusal('token_not_trusted', 'the token is not valid yet');
  }
  if (typeof iat === 'number' && iat * 1000 - clockSkewMs > nowMs) {
    return refusal('token_not_trusted', 'the token was issued in the future');
  }
  return exp * 1000;
}

/** Null when the token is meant for this route. */
export function checkAudience(claims: Members, route: JwtRoute, issuer: Issuer): Refusal | null {
  const expected = route.audiences.length > 0 ? route.audiences : issuer.audiences;
  if (expected === 'any') return null;
  const claim = memberOf(claims, 'aud');
  const audiences: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (audiences.length > ITEMS_MAX || !audiences.every((one) => typeof one === 'string')) {
    return refusal('token_not_trusted', 'the token has no audience, or one that is no text');
  }
  return audiences.some((audience) => expected.includes(audience))
    ? null
    : refusal('token_not_trusted', 'the token is made for another audience');
}

/** Null when there are too many, or some are no text. */
export function scopesOf(claims: Members, names: readonly string[]): readonly string[] | null {
  const claim = firstClaim(claims, names) ?? [];
  const scopes: unknown = typeof claim === 'string' ? claim.split(' ') : claim;
  if (!Array.isArray(scopes) || scopes.length > ITEMS_MAX) return null;
  const words = scopes.filter((scope) => typeof scope === 'string');
  return words.length === scopes.length ? words.filter((word) => word !== '') : null;
}

/** Null when the token has every scope and every claim that the route asks for. */
export function checkRights(
  claims: Members,
  scopes: readonly string[],
  route: JwtRoute,
): Refusal | null {
  if (!route.scopes.every((scope) => scopes.includes(scope))) {
    return refusal('insufficient_scope', 'the token does not have every scope of this route');
  }
  for (const [name, accepted] of Object.entries(route.claims)) {
    const claim = claimAt(claims, name);
    const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
    if (!accepted.some((value) => values.includes(value))) {
      return refusal('claims_refused', 'the token does not have a claim that this route asks for');
    }
  }
  return null;
}
