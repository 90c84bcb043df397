/**
 * A configuration that both the schema and native code have agreed to.
 *
 * @module
 */

import { existsSync } from 'node:fs';

import { type Checkable, type Loaded, loadConfig, parseConfig } from '../config/load.ts';
import type { Overrides } from '../config/overrides.ts';
import { inOrder, type Problem } from '../config/problem.ts';
import type { Model } from '../config/schema.ts';
import { GatewayError } from '../errors.ts';
import { loadAddon } from './native.ts';

/** The file that is used when none is named. */
export const FILE_DEFAULT = 'gateway.yaml';

export type Checked =
  | { readonly ok: true; readonly model: Model }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The file to use; a usage error that says what to do when there is none. */
export function configFile(named: string | undefined): string {
  if (named !== undefined) return named;
  if (existsSync(FILE_DEFAULT)) return FILE_DEFAULT;
  throw new GatewayError(
    'usage',
    `no configuration: name a file with --config, or put a ${FILE_DEFAULT} into this folder`,
  );
}

export async function checkFile(file: string, overrides: Overrides = {}): Promise<Checked> {
  return checkNatively(loadConfig(file, process.env, overrides));
}

/** An open route to one upstream, with no file at all. The caller has checked the URL. */
export async function checkOpenRoute(upstream: string, overrides: Overrides): Promise<Checked> {
  const written = {
    version: 1,
    upstreams: { upstream: { endpoints: [{ url: upstream }] } },
    routes: [{ name: 'open', match: { path: '/*' }, upstream: 'upstream' }],
  };
  const source = { file: 'command line', baseDir: process.cwd(), env: {}, overrides };
  return checkNatively(parseConfig(JSON.stringify(written), source));
}

/** What native code has to compile is checked by compiling it, or what is right of it. */
async function checkNatively(loaded: Loaded): Promise<Checked> {
  if (loaded.ok) {
    const problems = await nativeProblems(loaded);
    return problems.length === 0 ? { ok: true, model: loaded.model } : { ok: false, problems };
  }
  const { problems, rest } = loaded;
  // What is known to be wrong is told, also where native code can't be loaded.
  const more = rest === null ? [] : await nativeProblems(rest).catch(() => []);
  return { ok: false, problems: inOrder([...problems, ...more]) };
}

async function nativeProblems(checkable: Checkable): Promise<Problem[]> {
  const { checkModel } = await loadAddon();
  return checkable.problemsAt(checkModel(JSON.stringify(checkable.model)));
}
