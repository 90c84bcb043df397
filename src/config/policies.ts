/**
 * What is to be said of policies when their files and the routes that ask them are known.
 *
 * @module
 */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Finding, Path } from './problem.ts';
import type { ValidConfig } from './schema.ts';
import { didYouMean } from './suggest.ts';

type Source = ValidConfig['policies'][string]['source'];

/** Every file that a policy names is there. `baseDir` is what they are relative to. */
export function checkPolicies({ policies }: ValidConfig, baseDir: string): Finding[] {
  return Object.entries(policies).flatMap(([name, { source }]) =>
    filesOf(source).flatMap(({ path, file, kind }) => {
      const found = statSync(resolve(baseDir, file), { throwIfNoEntry: false });
      const right = kind === 'folder' ? found?.isDirectory() : found?.isFile();
      if (right === true) return [];
      return [
        { path: ['policies', name, 'source', ...path], message: `no such ${kind} in ${baseDir}` },
      ];
    }),
  );
}

/** An evaluation may wait for its turn as long as it may take, and an exchange has to wait for both. */
const WAITS_PER_EVALUATION = 2;

/** What is asked is decided before the exchange is given up: else `onFailure` would mean nothing. */
export function checkPolicyTimes({
  policies,
  routes,
  defaultPolicy,
  limits,
}: ValidConfig): Finding[] {
  const asked = new Set([defaultPolicy, ...routes.map(({ policy }) => policy?.name ?? null)]);
  return Object.entries(policies).flatMap(([name, { timeoutMs }]) => {
    if (!asked.has(name) || timeoutMs * WAITS_PER_EVALUATION <= limits.decisionMs) return [];
    const message = `an exchange waits ${limits.decisionMs} ms at most, and an evaluation takes up to ${timeoutMs} ms after as long a wait: raise limits.decisionMs, or lower this to half of it`;
    return [{ path: ['policies', name, 'timeoutMs'], message }];
  });
}

/** The policy of routes that name none exists. */
export function checkDefaultPolicy({ defaultPolicy, policies }: ValidConfig): Finding[] {
  return defaultPolicy === null ? [] : checkName(['defaultPolicy'], defaultPolicy, policies);
}

/** A route's policy exists, and something is left for it to decide. */
export function checkRoutePolicy(
  { policy, deny }: ValidConfig['routes'][number],
  index: number,
  { policies }: ValidConfig,
): Finding[] {
  if (policy === null) return [];
  const path = ['routes', index, 'policy'];
  if (deny) return [{ path, message: 'deny refuses everybody, so no policy is asked' }];
  return checkName(path, policy.name, policies);
}

function checkName(path: Path, name: string, policies: ValidConfig['policies']): Finding[] {
  if (Object.hasOwn(policies, name)) return [];
  const suggestion = didYouMean(name, Object.keys(policies));
  return [{ path, message: `unknown policy "${name}"${suggestion}` }];
}

interface NamedFile {
  readonly path: Path;
  readonly file: string;
  readonly kind: 'file' | 'folder';
}

function filesOf({ file, folder, bundle, rego }: Source): NamedFile[] {
  const keyFile = bundle?.verification?.keyFile;
  return [
    ...(file === null ? [] : [{ path: ['file'], file, kind: 'file' as const }]),
    ...(folder === null ? [] : [{ path: ['folder'], file: folder, kind: 'folder' as const }]),
    ...(keyFile === undefined
      ? []
      : [{ path: ['bundle', 'verification', 'keyFile'], file: keyFile, kind: 'file' as const }]),
    ...(['files', 'data'] as const).flatMap((list) =>
      (rego?.[list] ?? []).map((named, index) => ({
        path: ['rego', list, index],
        file: named,
        kind: 'file' as const,
      })),
    ),
  ];
}
