/**
 * The shared store of quotas: what its schema can't see, and what of it depends on the file's folder.
 *
 * @module
 */

import type { Finding } from './problem.ts';
import type { ValidConfig } from './schema.ts';

type QuotaStore = NonNullable<ValidConfig['quotas']['redis']>;
type Tls = NonNullable<QuotaStore['tls']>;
type Credentials = QuotaStore['credentials'];

const PLACES = ['url', 'sentinel', 'cluster'] as const;

export function checkQuotaStore({ quotas: { redis } }: ValidConfig): Finding[] {
  if (redis === null) return [];
  const at = ['quotas', 'redis'];
  const findings: Finding[] = [];
  const { url, cluster, database, tls } = redis;
  if (PLACES.filter((place) => redis[place] !== null).length !== 1) {
    findings.push({ path: at, message: 'exactly one of url, sentinel and cluster is needed' });
  }
  if (cluster !== null && database !== 0) {
    findings.push({ path: [...at, 'database'], message: 'a cluster has database 0 only' });
  }
  if (url !== null && tls !== null && !isTls(url)) {
    findings.push({ path: [...at, 'tls'], message: 'with url, TLS begins with rediss://' });
  }
  if (tls !== null && (tls.cert === null) !== (tls.key === null)) {
    findings.push({ path: [...at, 'tls'], message: 'cert and key need each other' });
  }
  return findings;
}

/** `absolute` makes a path of one that is relative to the configuration's folder. */
export function resolveQuotaStore(
  store: QuotaStore,
  absolute: (file: string) => string,
): QuotaStore {
  const { url, tls, credentials, sentinel } = store;
  return {
    ...store,
    tls: tls === null ? defaultTls(url) : tlsWithPaths(tls, absolute),
    credentials: credentialsWithPath(credentials, absolute),
    sentinel: sentinel && {
      ...sentinel,
      credentials: credentialsWithPath(sentinel.credentials, absolute),
    },
  };
}

function defaultTls(url: string | null): Tls | null {
  return url !== null && isTls(url) ? { ca: null, cert: null, key: null, serverName: null } : null;
}

function tlsWithPaths({ ca, cert, key, serverName }: Tls, absolute: (file: string) => string): Tls {
  return {
    ca: ca && absolute(ca),
    cert: cert && absolute(cert),
    key: key && absolute(key),
    serverName,
  };
}

function credentialsWithPath(
  credentials: Credentials,
  absolute: (file: string) => string,
): Credentials {
  return (
    credentials && {
      ...credentials,
      passwordFile: credentials.passwordFile && absolute(credentials.passwordFile),
    }
  );
}

function isTls(url: string): boolean {
  return /^rediss:/i.test(url);
}
