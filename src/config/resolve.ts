/**
 * The last step of loading: what depends on the machine and on the file's folder.
 *
 * @module
 */

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import type { Model, ValidConfig } from './schema.ts';

type Auth = NonNullable<Model['routes'][number]['auth']>;
type Tls = NonNullable<Model['listeners'][number]['tls']>;

/** `baseDir` is what files are relative to; `cores` what `workers: auto` means. */
export function resolveModel(
  config: ValidConfig,
  {
    baseDir,
    cores = availableParallelism(),
  }: { readonly baseDir: string; readonly cores?: number },
): Model {
  const { output } = config.accessLog;
  return {
    ...config,
    workers: config.workers === 'auto' ? cores : config.workers,
    accessLog: { output: isStream(output) ? output : resolve(baseDir, output) },
    listeners: config.listeners.map(({ tls, ...listener }) => ({
      ...listener,
      tls: tls === null ? null : withPaths(tls, (file) => resolve(baseDir, file)),
    })),
    apiKeyFiles: config.apiKeyFiles.map((file) => resolve(baseDir, file)),
    consumers: Object.fromEntries(
      Object.entries(config.consumers).map(([name, consumer]) => [
        name,
        { ...consumer, tenant: consumer.tenant ?? name },
      ]),
    ),
    identity: {
      ...config.identity,
      issuers: Object.fromEntries(
        Object.entries(config.identity.issuers).map(([name, issuer]) => [
          name,
          {
            ...issuer,
            jwksFile: issuer.jwksFile && resolve(baseDir, issuer.jwksFile),
            introspection: issuer.introspection && {
              ...issuer.introspection,
              clientSecretFile: resolve(baseDir, issuer.introspection.clientSecretFile),
            },
          },
        ]),
      ),
    },
    routes: config.routes.map((route) => ({
      ...route,
      upstream: route.upstream ?? [],
      auth: withIssuers(route.auth, Object.keys(config.identity.issuers)),
    })),
  };
}

function withPaths(tls: Tls, absolute: (file: string) => string): Tls {
  const { certificates, clientAuth } = tls;
  return {
    ...tls,
    certificates: certificates.map(({ cert, key, ocsp }) => ({
      cert: absolute(cert),
      key: absolute(key),
      ocsp: ocsp === null ? null : absolute(ocsp),
    })),
    clientAuth: {
      ...clientAuth,
      ca: clientAuth.ca.map(absolute),
      crl: clientAuth.crl.map(absolute),
    },
  };
}

/** A route that names no issuer takes the tokens of all. */
function withIssuers(auth: Auth | null, all: readonly string[]): Auth | null {
  if (auth === null || auth.jwt === null || auth.jwt.issuers.length > 0) return auth;
  return { ...auth, jwt: { ...auth.jwt, issuers: [...all] } };
}

function isStream(output: string): boolean {
  return output === 'off' || output === 'stdout' || output === 'stderr';
}
