/**
 * All targets there are: one for each folder of `arena/targets`.
 *
 * Bound: 256 folders.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { formatProblem, type Problem } from '../../src/config/problem.ts';
import { findExecutable } from './executables.ts';
import { readManifest } from './manifest-file.ts';
import { containerTarget } from './container.ts';
import type { Description } from './prepared.ts';
import { processTarget } from './process.ts';
import { PROJECT, TARGETS } from './project.ts';
import type { Target } from './target.ts';
import { urlTarget } from './url.ts';

const FOLDERS_MAX = 256;
const NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;

export interface Catalog {
  /** In the order of their names. */
  readonly descriptions: readonly Description[];
  /** Of manifests that are not right; their targets are left out. */
  readonly problems: readonly Problem[];
}

/** Reads the manifest in each folder of `folder`. Never throws for what is in one. */
export function readCatalog(folder: string = TARGETS): Catalog {
  const descriptions: Description[] = [];
  const problems: Problem[] = [];
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of names.slice(0, FOLDERS_MAX).toSorted(byName)) {
    const here = join(folder, name);
    const path = join(here, 'target.yaml');
    const file = relative(PROJECT, path);
    const fault = faultOfFolder(name, path);
    if (fault !== null) {
      problems.push({ file, line: 1, column: 1, path: '', message: fault });
      continue;
    }
    const read = readManifest(readFileSync(path, 'utf8'), file);
    if (read.ok) descriptions.push({ name, manifest: read.manifest, here });
    else problems.push(...read.problems);
  }
  return { descriptions, problems };
}

/** The targets of the catalogue. Throws, with every problem, when a manifest is not right. */
export function loadTargets(folder: string = TARGETS): Target[] {
  const { descriptions, problems } = readCatalog(folder);
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  return descriptions.map(targetOf);
}

export function targetOf(description: Description): Target {
  const { command, container, url } = description.manifest;
  if (url !== undefined) return urlTarget(description, url);
  const hasBinary = command?.names !== undefined && findExecutable(command.names) !== null;
  if (container !== undefined && !hasBinary) return containerTarget(description, container);
  if (command !== undefined) return processTarget(description, command);
  throw new Error(`${description.name}: a manifest without command, container and url`);
}

function faultOfFolder(name: string, path: string): string | null {
  if (!NAME.test(name)) return `"${name}" is no name of a target: a-z, 0-9, "." and "-" only`;
  return existsSync(path) ? null : 'there is no manifest in this folder';
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
