/**
 * The files of this repository, and what they import: for tests of its shape.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** From dist/test/support. */
export const ROOT = join(import.meta.dirname, '../../..');

export interface Import {
  /** From the folder that was asked for. */
  readonly file: string;
  readonly specifier: string;
}

/** Paths from the root of the repository, sorted. */
export function filesUnder(folder: string, extension: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name))
    .toSorted();
}

/** Every static, re-exported, side-effect and dynamic import of one file, and every text that names an addon. */
export function importsOf(path: string, folder: string): Import[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const found = text.matchAll(
    /\b(?:from|import|import\()\s*(?<quote>['"])(?<specifier>[^'"\n]+)\k<quote>|['"`/](?<addon>[^'"`\s/]+\.node)['"`]/g,
  );
  const file = relative(folder, path);
  return Array.from(found, ({ groups }) => ({
    file,
    specifier: groups?.['specifier'] ?? groups?.['addon'] ?? '',
  }));
}

/** The folder, or the file without its extension, that a path begins with. */
export function nameOf(file: string): string {
  return file.split(/[/.]/)[0] ?? '';
}

/** Imports between the names of a folder that do not point to a lower line of `layers`. */
export function upwards(
  imports: readonly Import[],
  layers: readonly (readonly string[])[],
): readonly Import[] {
  const rankOf = (name: string): number => layers.findIndex((layer) => layer.includes(name));
  return imports.filter(({ file, specifier }) => {
    const target = join(dirname(file), specifier);
    if (!specifier.startsWith('.') || target.startsWith('..')) return false;
    const [from, to] = [nameOf(file), nameOf(target)];
    return from !== to && rankOf(to) <= rankOf(from);
  });
}
