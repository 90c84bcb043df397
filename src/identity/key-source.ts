/**
 * Where an issuer's keys come from: a file, a URL, or what its discovery document says.
 *
 * Bounds: `timeoutMs` for the whole, each document as `fetch-document.ts` says.
 * Source: OpenID Connect Discovery 1.0 §4, RFC 8414 §3.
 *
 * @module
 */

import { isForgeable } from '../config/address.ts';
import type { Model } from '../config/schema.ts';
import type { Deadlines } from './deadline.ts';
import { type Fetched, fetchDocument, readDocumentFile } from './fetch-document.ts';
import { readKeySet, type SetKey } from './key-set.ts';
import { memberOf } from './strict-json.ts';

export type Issuer = Model['identity']['issuers'][string];

/** Keys, or in a few words why there are none. Never rejects. */
export type KeySource = (deadlines: Deadlines) => Promise<readonly SetKey[] | string>;

export function keySourceOf(issuer: Issuer): KeySource {
  return async (deadlines) => {
    const fetched = await deadlines.within(issuer.keys.timeoutMs, (signal) =>
      fetchKeys(issuer, signal),
    );
    if (typeof fetched === 'string') return fetched;
    if (!fetched.ok) return `keys: ${fetched.reason}`;
    return readKeySet(fetched.document) ?? 'keys: not a key set';
  };
}

async function fetchKeys(issuer: Issuer, signal: AbortSignal): Promise<Fetched | string> {
  if (issuer.jwksFile !== null) return readDocumentFile(issuer.jwksFile);
  if (issuer.jwksUrl !== null) return fetchDocument(issuer.jwksUrl, signal);
  const found = await discover(issuer, signal);
  if (!found.ok) return `discovery: ${found.reason}`;
  // A document that speaks for another issuer would give that one's keys to this.
  if (memberOf(found.document, 'issuer') !== issuer.issuer) {
    return 'discovery: the document is of another issuer';
  }
  const url = memberOf(found.document, 'jwks_uri');
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:/i.test(url)) {
    return 'discovery: no jwks_uri';
  }
  if (!issuer.allowHttp && isForgeable(url)) return 'discovery: jwks_uri is plain http';
  return fetchDocument(url, signal);
}

/** OpenID's place first; RFC 8414's where that has nothing. */
async function discover({ issuer }: Issuer, signal: AbortSignal): Promise<Fetched> {
  const first = await fetchDocument(
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    signal,
  );
  if (first.ok || first.status !== 404) return first;
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return fetchDocument(`${origin}/.well-known/oauth-authorization-server${path}`, signal);
}
