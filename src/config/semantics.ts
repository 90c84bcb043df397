/**
 * What a schema can't see: names that point nowhere, things that exclude or need each other.
 *
 * @module
 */

import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { parseAddress } from './address.ts';
import { checkIssuers, checkJwt } from './identity.ts';
import { checkPlans } from './plans.ts';
import {
  checkDefaultPolicy,
  checkPolicies,
  checkPolicyTimes,
  checkRoutePolicy,
} from './policies.ts';
import { checkPolicySettings } from './policy-settings.ts';
import type { Finding } from './problem.ts';
import { checkQuotaStore } from './quota-store.ts';
import type { ValidConfig } from './schema.ts';
import { didYouMean } from './suggest.ts';

type Route = ValidConfig['routes'][number];

/** `baseDir` is what files named in the configuration are relative to. */
export function checkMeaning(config: ValidConfig, baseDir: string): Finding[] {
  return [
    ...checkFiles(config, baseDir),
    ...checkAddresses(config),
    ...checkUpstreams(config),
    ...checkMetering(config),
    ...checkQuotaStore(config),
    ...checkConsumers(config),
    ...checkUsers(config),
    ...checkPlans(config),
    ...checkIssuers(config, baseDir),
    ...checkPolicies(config, baseDir),
    ...checkPolicyTimes(config),
    ...checkPolicySettings(config),
    ...checkDefaultPolicy(config),
    ...checkRouteNames(config),
    ...config.routes.flatMap((route, index) => checkRoute(route, index, config)),
  ];
}

function checkFiles({ apiKeyFiles, admin }: ValidConfig, baseDir: string): Finding[] {
  const files: (readonly [Finding['path'], string])[] = apiKeyFiles.map((file, index) => [
    ['apiKeyFiles', index],
    file,
  ]);
  if (admin !== null && admin.tokenFile !== null) {
    files.push([['admin', 'tokenFile'], admin.tokenFile]);
  }
  return files.flatMap(([path, file]) => {
    const found = statSync(resolve(baseDir, file), { throwIfNoEntry: false });
    return found?.isFile() === true ? [] : [{ path, message: `no such file in ${baseDir}` }];
  });
}

function checkAddresses(config: ValidConfig): Finding[] {
  const findings: Finding[] = [];
  const taken = new Map<string, string>();
  const take = (address: string, path: Finding['path'], label: string): void => {
    if (parseAddress(address)?.port === 0) return;
    const holder = taken.get(address);
    if (holder === undefined) taken.set(address, label);
    else findings.push({ path, message: `${holder} has this address already` });
  };
  for (const [index, { address }] of config.listeners.entries()) {
    take(address, ['listeners', index, 'address'], `listeners[${index}]`);
  }
  if (config.admin !== null) take(config.admin.address, ['admin', 'address'], 'admin');
  return findings;
}

/** Each worker fills one segment while the next one is ready. */
const SEGMENTS_PER_WORKER = 2;

function checkMetering({ metering, workers }: ValidConfig): Finding[] {
  if (!metering.enabled) return [];
  const { spool, sink, kafka, webhook } = metering;
  const findings: Finding[] = [];
  const count = workers === 'auto' ? availableParallelism() : workers;
  const least = spool.segmentBytes * SEGMENTS_PER_WORKER * count;
  if (spool.maxBytes < least) {
    const message = `${count} workers need ${least} bytes at least: two segments each; raise it, or lower segmentBytes`;
    findings.push({ path: ['metering', 'spool', 'maxBytes'], message });
  }
  if (sink === 'kafka' && kafka.brokers.length === 0) {
    findings.push({ path: ['metering', 'kafka', 'brokers'], message: 'the sink needs a broker' });
  }
  if (kafka.tls !== null && (kafka.tls.cert === null) !== (kafka.tls.key === null)) {
    findings.push({ path: ['metering', 'kafka', 'tls'], message: 'cert and key need each other' });
  }
  if (sink === 'webhook') {
    for (const key of ['url', 'secretFile'] as const) {
      if (webhook[key] !== null) continue;
      findings.push({ path: ['metering', 'webhook', key], message: 'the sink needs it' });
    }
  }
  return findings;
}

function checkUpstreams(config: ValidConfig): Finding[] {
  const findings: Finding[] = [];
  for (const [name, { endpoints }] of Object.entries(config.upstreams)) {
    const seen = new Set<string>();
    for (const [index, { url }] of endpoints.entries()) {
      const path = ['upstreams', name, 'endpoints', index, 'url'];
      if (seen.has(url))
        findings.push({ path, message: 'this endpoint is listed twice; use weight' });
      seen.add(url);
    }
  }
  return findings;
}

/** Two consumers with one key could not be told apart. */
function checkConsumers(config: ValidConfig): Finding[] {
  const findings: Finding[] = [];
  const holders = new Map<string, string>();
  for (const [name, { apiKeys }] of Object.entries(config.consumers)) {
    for (const [index, { sha256 }] of apiKeys.entries()) {
      const holder = holders.get(sha256);
      if (holder === undefined) holders.set(sha256, name);
      else {
        const path = ['consumers', name, 'apiKeys', index];
        findings.push({ path, message: `consumer "${holder}" has the same key` });
      }
    }
  }
  return findings;
}

/** A user of two consumers would be neither. */
function checkUsers(config: ValidConfig): Finding[] {
  const findings: Finding[] = [];
  const holders = new Map<string, string>();
  for (const [name, { basic }] of Object.entries(config.consumers)) {
    for (const [index, { username }] of basic.entries()) {
      const holder = holders.get(username);
      if (holder === undefined) holders.set(username, name);
      else {
        const path = ['consumers', name, 'basic', index, 'username'];
        findings.push({ path, message: `consumer "${holder}" has the same user` });
      }
    }
  }
  return findings;
}

function checkRouteNames(config: ValidConfig): Finding[] {
  const findings: Finding[] = [];
  const first = new Map<string, number>();
  for (const [index, { name }] of config.routes.entries()) {
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else {
      const message = `route name "${name}" is taken by routes[${earlier}]`;
      findings.push({ path: ['routes', index, 'name'], message });
    }
  }
  return findings;
}

function checkRoute(route: Route, index: number, config: ValidConfig): Finding[] {
  return [
    ...checkAction(route, index),
    ...checkShares(route, index, config),
    ...checkLimit(route, index),
    ...checkRewrite(route, index),
    ...checkJwt(route, index, config),
    ...checkRoutePolicy(route, index, config),
  ];
}

function checkAction(route: Route, index: number): Finding[] {
  const actions = [
    ...(route.upstream === null ? [] : ['upstream']),
    ...(route.redirect === null ? [] : ['redirect']),
    ...(route.deny ? ['deny'] : []),
  ];
  if (actions.length === 1) return [];
  const message =
    actions.length === 0
      ? 'needs one of upstream, redirect and deny'
      : `${actions.join(' and ')} exclude each other`;
  return [{ path: ['routes', index, ...actions.slice(1, 2)], message }];
}

function checkShares(route: Route, index: number, config: ValidConfig): Finding[] {
  const shares = route.upstream ?? [];
  const path = ['routes', index, 'upstream'];
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const [position, { name }] of shares.entries()) {
    const at = [...path, position, 'name'];
    if (!Object.hasOwn(config.upstreams, name)) {
      const suggestion = didYouMean(name, Object.keys(config.upstreams));
      findings.push({ path: at, message: `unknown upstream "${name}"${suggestion}` });
    }
    if (seen.has(name)) findings.push({ path: at, message: `upstream "${name}" is listed twice` });
    seen.add(name);
  }
  if (shares.length > 0 && shares.every(({ weight }) => weight === 0)) {
    findings.push({ path, message: 'at least one weight must be above 0' });
  }
  return findings;
}

function checkLimit(route: Route, index: number): Finding[] {
  const by = route.rateLimit?.by;
  if (route.auth !== null || (by !== 'consumer' && by !== 'tenant')) return [];
  const message = `a limit by ${by} needs auth on this route, or nobody is known`;
  return [{ path: ['routes', index, 'rateLimit', 'by'], message }];
}

function checkRewrite(route: Route, index: number): Finding[] {
  const { stripPrefix, rewrite, addPrefix } = route.request.path;
  if (rewrite === null || (stripPrefix === null && addPrefix === null)) return [];
  return [
    {
      path: ['routes', index, 'request', 'path', 'rewrite'],
      message: 'rewrite replaces the whole path, so stripPrefix and addPrefix exclude it',
    },
  ];
}
