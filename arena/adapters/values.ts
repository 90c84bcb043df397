/**
 * What a target's templates read as `it`. It depends on the plan and the tier only: the same for
 * every target.
 *
 * @module
 */

import { createHash } from 'node:crypto';

import { AUDIENCE, ISSUER, JWKS, PUBLIC_KEY_PEM } from '../tiers/issuer.ts';
import { LIMITS } from '../tiers/limits.ts';
import { CONSUMERS, keyOf, ROUTES, TENANT, type Tier } from '../tiers/tiers.ts';

export interface Consumer {
  readonly name: string;
  readonly tenant: string;
  readonly key: string;
  /** Of the key, in hexadecimal digits. */
  readonly sha256: string;
}

export interface Route {
  readonly name: string;
  /** Begins and ends with a slash. */
  readonly prefix: string;
}

/** What a tier adds to passing requests on. */
export interface Work {
  readonly tier: Tier;
  /** Checks an API key and takes it out. */
  readonly key: boolean;
  /** Limits by consumer, rewrites headers and names requests, too. */
  readonly full: boolean;
  /** Checks a JWT, too. */
  readonly jwt: boolean;
  /** Asks a policy, too. */
  readonly opa: boolean;
  /** Empty in tiers with one route. */
  readonly routes: readonly Route[];
  /** Empty in tiers without keys. */
  readonly consumers: readonly Consumer[];
}

/** What is known once a target is going to be started. */
export interface Place {
  /** The project's folder. */
  readonly project: string;
  /** The target's own folder, with its manifest. */
  readonly here: string;
  /** Where its rendered files are, as the target sees it. */
  readonly folder: string;
  /** Where it may write, as it sees it; the same folder for what is no container. */
  readonly scratch: string;
  readonly port: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly upstream: { readonly host: string; readonly port: number };
  readonly workers: number;
  readonly values: Readonly<Record<string, string>>;
}

export interface TemplateValues extends Work, Place {
  readonly limits: typeof LIMITS;
  readonly issuer: string;
  readonly audience: string;
  /** JSON. */
  readonly jwks: string;
  readonly publicKeyPem: string;
}

/** As the tier `tier` wants it, at the place `place`. */
export function templateValues(tier: Tier, place: Place): TemplateValues {
  return {
    ...place,
    ...workOf(tier),
    limits: LIMITS,
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks: JSON.stringify(JWKS),
    publicKeyPem: PUBLIC_KEY_PEM,
  };
}

function workOf(tier: Tier): Work {
  const isMany = tier === 'routes';
  const consumers = tier === 'pass' ? 0 : CONSUMERS[isMany ? 'many' : 'usual'];
  return {
    tier,
    key: tier !== 'pass',
    full: tier !== 'pass' && tier !== 'key',
    jwt: tier === 'jwt' || tier === 'opa',
    opa: tier === 'opa',
    routes: Array.from({ length: isMany ? ROUTES : 0 }, (_, number) => routeOf(number)),
    consumers: Array.from({ length: consumers }, (_, number) => consumerOf(number)),
  };
}

function routeOf(number: number): Route {
  return { name: `route-${number}`, prefix: `/api/r/${number}/` };
}

function consumerOf(number: number): Consumer {
  const key = keyOf(number);
  const sha256 = createHash('sha256').update(key).digest('hex');
  return { name: `consumer-${number}`, tenant: TENANT, key, sha256 };
}
