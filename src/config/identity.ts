/**
 * What a schema can't see of `identity`: issuers that nobody knows, that can't be told apart, or
 * that are believed over a wire anybody can write on.
 *
 * @module
 */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { isForgeable } from './address.ts';
import type { Finding, Path } from './problem.ts';
import type { ValidConfig } from './schema.ts';
import { didYouMean } from './suggest.ts';

type Issuer = ValidConfig['identity']['issuers'][string];

/** `baseDir` is what files named in the configuration are relative to. */
export function checkIssuers({ identity }: ValidConfig, baseDir: string): Finding[] {
  const findings: Finding[] = [];
  const holders = new Map<string, string>();
  for (const [name, issuer] of Object.entries(identity.issuers)) {
    const path = ['identity', 'issuers', name];
    const holder = holders.get(issuer.issuer);
    if (holder === undefined) holders.set(issuer.issuer, name);
    else {
      const message = `issuer "${holder}" has this identifier already`;
      findings.push({ path: [...path, 'issuer'], message });
    }
    findings.push(...checkKeys(issuer, path, baseDir));
    findings.push(...checkIntrospection(issuer, [...path, 'introspection'], baseDir));
  }
  return findings;
}

function checkKeys(issuer: Issuer, path: Path, baseDir: string): Finding[] {
  const findings: Finding[] = [];
  const { jwksFile, jwksUrl } = issuer;
  if (jwksFile !== null && jwksUrl !== null) {
    const message = 'jwksUrl and jwksFile exclude each other';
    findings.push({ path: [...path, 'jwksFile'], message });
  }
  if (jwksFile !== null && !isFile(resolve(baseDir, jwksFile))) {
    findings.push({ path: [...path, 'jwksFile'], message: `no such file in ${baseDir}` });
  }
  // An identifier alone is only compared; it is fetched from when nothing else says where keys are.
  const key = jwksUrl === null ? 'issuer' : 'jwksUrl';
  const isFetched = jwksFile === null;
  if (isFetched && !issuer.allowHttp && isForgeable(jwksUrl ?? issuer.issuer)) {
    const message =
      'keys would come over plain http, where anybody on the way can put theirs; use https://, or say allowHttp: true';
    findings.push({ path: [...path, key], message });
  }
  return findings;
}

function checkIntrospection(issuer: Issuer, path: Path, baseDir: string): Finding[] {
  if (issuer.introspection === null) return [];
  const { url, clientSecretFile } = issuer.introspection;
  const findings: Finding[] = [];
  if (!isFile(resolve(baseDir, clientSecretFile))) {
    findings.push({ path: [...path, 'clientSecretFile'], message: `no such file in ${baseDir}` });
  }
  if (!issuer.allowHttp && isForgeable(url)) {
    const message = 'tokens would go over plain http; use https://, or say allowHttp: true';
    findings.push({ path: [...path, 'url'], message });
  }
  return findings;
}

/** What a route asks of a token must be answerable. */
export function checkJwt(
  { auth }: ValidConfig['routes'][number],
  index: number,
  { identity: { issuers } }: ValidConfig,
): Finding[] {
  const jwt = auth?.jwt ?? null;
  if (jwt === null) return [];
  const path = ['routes', index, 'auth', 'jwt'];
  const all = Object.keys(issuers);
  if (all.length === 0) {
    const message = 'needs an issuer: identity.issuers, or KEYCLOAK_URL in the environment';
    return [{ path, message }];
  }
  const unknown = jwt.issuers.flatMap((name, position): Finding[] => {
    if (Object.hasOwn(issuers, name)) return [];
    const message = `unknown issuer "${name}"${didYouMean(name, all)}`;
    return [{ path: [...path, 'issuers', position], message }];
  });
  const believed = Object.entries(issuers).filter(
    ([name]) => jwt.issuers.length === 0 || jwt.issuers.includes(name),
  );
  // An opaque token does not say whose it is, and is shown to nobody else.
  const asked = believed.filter(([, { introspection }]) => introspection !== null);
  if (asked.length > 1) {
    const message = 'only one issuer of a route can be asked about opaque tokens';
    unknown.push({ path, message });
  }
  if (jwt.audiences.length > 0) return unknown;
  const unaddressed = believed.filter(([, { audiences }]) => audiences.length === 0);
  const messages = unaddressed.map(
    ([name]) =>
      `issuer "${name}" has no audiences: a token made for anybody else would be let in; name audiences here or there ("any" there takes all)`,
  );
  return [...unknown, ...messages.map((message): Finding => ({ path, message }))];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
