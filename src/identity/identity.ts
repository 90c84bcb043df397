/**
 * Who a token says it is, in the words of the gateway: consumer, tenant, plan, scopes, headers.
 *
 * A claim that is there and can't be carried is no reason to go on without it: the token is refused.
 *
 * @module
 */

import { claimAt, firstClaim } from './claims.ts';
import { headerValueFrom, nameFrom } from './forwarded-claims.ts';
import type { Issuer } from './key-source.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { Members } from './strict-json.ts';

export interface Identity {
  readonly consumer: string | null;
  /** Without a claim, the consumer's name. */
  readonly tenant: string | null;
  readonly plan: string | null;
  readonly scopes: readonly string[];
  /** For the upstream, names in lower case. A header whose claim is not there is not here. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

interface Mapping {
  readonly names: Issuer['claims'];
  /** Claim by header. */
  readonly headers: Readonly<Record<string, string>>;
  readonly scopes: readonly string[];
}

/** `claims` have been verified. */
export function identityOf(
  claims: Members,
  { names, headers, scopes }: Mapping,
): Identity | Refusal {
  const said = [names.consumer, names.tenant, names.plan].map((some) => firstClaim(claims, some));
  const [consumer = null, tenant = null, plan = null] = said.map((claim) => nameFrom(claim));
  if (said.some((claim) => claim !== undefined && nameFrom(claim) === null)) {
    return refusal('claims_refused', 'the claims of consumer, tenant or plan are no names');
  }
  const forwarded: (readonly [string, string])[] = [];
  for (const [header, name] of Object.entries(headers)) {
    const claim = claimAt(claims, name) ?? null;
    if (claim === null) continue;
    const value = headerValueFrom(claim);
    if (value === null) return refusal('claims_refused', 'a claim is too long for a header');
    forwarded.push([header, value]);
  }
  return { consumer, tenant: tenant ?? consumer, plan, scopes, headers: forwarded };
}
