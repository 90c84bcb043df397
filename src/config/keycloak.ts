/**
 * `KEYCLOAK_URL` and `KEYCLOAK_REALM` make an issuer named `keycloak`, in one step.
 *
 * The environment wins over the file, so an issuer `keycloak` that the file has keeps everything but its
 * identifier: audiences and claims stand in the file, the address comes with the deployment.
 * Source: Keycloak 26, `{url}/realms/{realm}` is a realm's issuer.
 *
 * @module
 */

import type { Environment } from './references.ts';

const NAME = 'keycloak';
const REALM_DEFAULT = 'stoa';

/** A copy of the written configuration with that issuer in it; without the variable, as it is. */
export function withKeycloak(written: unknown, env: Environment): unknown {
  const url = env['KEYCLOAK_URL'] ?? '';
  if (url === '' || !isMapping(written)) return written;
  const realm = env['KEYCLOAK_REALM'] || REALM_DEFAULT;
  const issuer = `${url.replace(/\/+$/, '')}/realms/${encodeURIComponent(realm)}`;
  const identity = mappingOr(written['identity']);
  const issuers = identity && mappingOr(identity['issuers']);
  const keycloak = issuers && mappingOr(issuers[NAME]);
  // What is no mapping is told as such, not covered up.
  if (keycloak === undefined) return written;
  return {
    ...written,
    identity: { ...identity, issuers: { ...issuers, [NAME]: { ...keycloak, issuer } } },
  };
}

type Mapping = Readonly<Record<string, unknown>>;

function mappingOr(value: unknown): Mapping | undefined {
  const given = value ?? {};
  return isMapping(given) ? given : undefined;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
