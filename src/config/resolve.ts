/**
 * The last step of loading: what depends on the machine and on the file's folder.
 *
 * @module
 */

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { resolveQuotaStore } from './quota-store.ts';
import type { Model, ValidConfig } from './schema.ts';
import { changesOf } from './zones.ts';

type Auth = NonNullable<Model['routes'][number]['auth']>;
type Tls = NonNullable<Model['listeners'][number]['tls']>;
type RoutePolicy = Model['routes'][number]['policy'];
type PolicySource = Model['policies'][string]['source'];

/** `baseDir` is what files are relative to; `cores` what `workers: auto` means. */
export function resolveModel(
  config: ValidConfig,
  {
    baseDir,
    cores = availableParallelism(),
  }: { readonly baseDir: string; readonly cores?: number },
): Model {
  const { defaultPolicy, ...kept } = config;
  const { output } = config.accessLog;
  return {
    ...kept,
    workers: config.workers === 'auto' ? cores : config.workers,
    accessLog: { output: isStream(output) ? output : resolve(baseDir, output) },
    decisionLog: {
      path: config.decisionLog.path === null ? null : resolve(baseDir, config.decisionLog.path),
    },
    metering: meteringOf(config.metering, (file) => resolve(baseDir, file)),
    listeners: config.listeners.map(({ tls, ...listener }) => ({
      ...listener,
      tls: tls === null ? null : withPaths(tls, (file) => resolve(baseDir, file)),
    })),
    quotas: quotasOf(config, (file) => resolve(baseDir, file)),
    zones: zonesOf(config),
    admin: config.admin && {
      ...config.admin,
      tokenFile: config.admin.tokenFile && resolve(baseDir, config.admin.tokenFile),
    },
    revocations: { ...config.revocations, file: resolve(baseDir, config.revocations.file) },
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
    policies: Object.fromEntries(
      Object.entries(config.policies).map(([name, policy]) => [
        name,
        { ...policy, source: withSourcePaths(policy.source, (file) => resolve(baseDir, file)) },
      ]),
    ),
    routes: config.routes.map((route) => ({
      ...route,
      upstream: route.upstream ?? [],
      policy: route.policy ?? policyOf(defaultPolicy, route.deny),
      auth: withIssuers(route.auth, Object.keys(config.identity.issuers)),
    })),
  };
}

function quotasOf(
  { plans, quotas }: ValidConfig,
  absolute: (file: string) => string,
): Model['quotas'] {
  const isUsed = Object.values(plans).some((plan) => plan.quotas.length > 0);
  const redis = quotas.redis && resolveQuotaStore(quotas.redis, absolute);
  return isUsed ? { ...quotas, path: absolute(quotas.path), redis } : null;
}

function zonesOf({ plans }: ValidConfig): Model['zones'] {
  const named = Object.values(plans).flatMap(({ quotas }) => quotas.map((quota) => quota.timeZone));
  const nowMs = Date.now();
  const others = [...new Set(named)].filter((name) => name !== 'UTC');
  return Object.fromEntries(others.map((name) => [name, changesOf(name, nowMs)]));
}

function meteringOf(
  metering: ValidConfig['metering'],
  absolute: (file: string) => string,
): Model['metering'] {
  if (!metering.enabled) return null;
  const { spool, file, kafka, webhook } = metering;
  const optional = (path: string | null): string | null => (path === null ? null : absolute(path));
  const { tls, sasl } = kafka;
  return {
    ...metering,
    spool: { ...spool, directory: absolute(spool.directory) },
    file: { ...file, path: absolute(file.path) },
    kafka: {
      ...kafka,
      tls: tls && { ca: optional(tls.ca), cert: optional(tls.cert), key: optional(tls.key) },
      sasl: sasl && { ...sasl, passwordFile: absolute(sasl.passwordFile) },
    },
    webhook: { ...webhook, secretFile: optional(webhook.secretFile) },
  };
}

/** What a route asks that names no policy. */
function policyOf(name: string | null, deny: boolean): RoutePolicy {
  if (name === null || deny) return null;
  return { name, onFailure: null, dryRun: null, bodyMaxBytes: 0 };
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

function withSourcePaths(source: PolicySource, absolute: (file: string) => string): PolicySource {
  const { file, folder, bundle, rego } = source;
  const verification = bundle?.verification ?? null;
  return {
    ...source,
    file: file === null ? null : absolute(file),
    folder: folder === null ? null : absolute(folder),
    bundle:
      bundle === null
        ? null
        : {
            ...bundle,
            verification:
              verification === null
                ? null
                : { ...verification, keyFile: absolute(verification.keyFile) },
          },
    rego: rego === null ? null : { files: rego.files.map(absolute), data: rego.data.map(absolute) },
  };
}

function isStream(output: string): boolean {
  return output === 'off' || output === 'stdout' || output === 'stderr';
}
