/**
 * The description of a protected resource: who issues tokens for it, and what they must be.
 *
 * A route that says where its description is (`auth.jwt.resourceMetadata`, a well-known place on a
 * host of its own) has it served there. Source: RFC 9728 §2, §3.
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import type { Word } from '../native/word.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The answer to a request for the description of `routeName`; null where it has none. */
export function describeResource(model: Model, routeName: string): Word | null {
  const jwt = model.routes.find(({ name }) => name === routeName)?.auth?.jwt ?? null;
  if (jwt === null || jwt.resourceMetadata === null) return null;
  const { issuers } = model.identity;
  const document = {
    resource: jwt.resourceMetadata.replace(WELL_KNOWN, ''),
    authorization_servers: jwt.issuers.flatMap((name) => issuers[name]?.issuer ?? []),
    bearer_methods_supported: ['header'],
    ...(jwt.scopes.length > 0 ? { scopes_supported: jwt.scopes } : {}),
    ...(jwt.bound === 'certificate' ? { tls_client_certificate_bound_access_tokens: true } : {}),
    ...(jwt.bound === 'dpop' ? { dpop_bound_access_tokens_required: true } : {}),
  };
  return {
    kind: 'local',
    status: 200,
    headers: [
      ['content-type', 'application/json'],
      ['cache-control', 'public, max-age=300'],
    ],
    body: JSON.stringify(document),
  };
}
