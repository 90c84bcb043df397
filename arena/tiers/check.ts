/**
 * One thing that a tier asks of a target, and what each such question is given.
 *
 * @module
 */

import type { Answer, Caller } from './caller.ts';
import type { Credentials } from './credentials.ts';
import { CALLER, prefixOf, type Tier } from './tiers.ts';

export interface Subject {
  /** Its name in results. */
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly tier: Tier;
  /** False for the upstream itself, which answers under every path. */
  readonly routed: boolean;
  readonly upstream: { readonly host: string; readonly port: number };
  readonly credentials: Credentials;
}

export interface Asked {
  readonly subject: Subject;
  readonly through: Caller;
  /** Straight to the upstream. */
  readonly direct: Caller;
}

export interface Check {
  readonly name: string;
  /** Resolves with what is wrong; empty when nothing is. Rejects when there is no answer. */
  readonly run: (asked: Asked) => Promise<string>;
}

/** What a request of the tier has to carry to be let in. */
export function admission({ tier, credentials }: Subject): Record<string, string> {
  const headers: Record<string, string> = {};
  if (tier !== 'pass') headers['x-api-key'] = CALLER.key;
  if (tier === 'jwt' || tier === 'opa') headers['authorization'] = `Bearer ${credentials.token}`;
  return headers;
}

/** The path of a job under one of the tier's routes. */
export function pathTo({ tier }: Subject, job: string, route = 0): string {
  return `${prefixOf(tier, route)}${job}`;
}

/** Empty when the answer has this status. */
export function unlessStatus(answer: Answer, status: number): string {
  if (answer.status === status) return '';
  return `expected ${status}, got ${answer.status} (${answer.body.subarray(0, 100).toString()})`;
}

/** What the upstream saw of a request to `…/probe`. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Requests that its connection has brought, this one included. */
  readonly connectionRequests: number;
}

/** Throws when the answer is not the upstream's. */
export function seenIn(answer: Answer): Seen {
  const fault = unlessStatus(answer, 200);
  if (fault !== '') throw new Error(fault);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the upstream's own words
  return JSON.parse(answer.body.toString()) as Seen;
}

/** Every value of a header that the upstream saw. */
export function valuesOf({ headers }: Seen, name: string): string[] {
  return headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
}
