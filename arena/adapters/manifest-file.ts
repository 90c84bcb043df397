/**
 * Reads a manifest, or says everything that is wrong with it, each with line and column. Never
 * throws for what is in the file.
 *
 * @module
 */

import { type ConfigDocument, readDocument } from '../../src/config/document.ts';
import { findingsOf } from '../../src/config/issues.ts';
import { type Finding, formatPath, inOrder, type Problem } from '../../src/config/problem.ts';
import { TIERS } from '../tiers/tiers.ts';
import { Manifest, manifestJsonSchema, SCENARIOS } from './manifest.ts';

export type ReadManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** `file` is how problems name it. */
export function readManifest(text: string, file: string): ReadManifest {
  const read = readDocument(text);
  if (!read.ok) {
    return { ok: false, problems: read.faults.map((fault) => ({ file, path: '', ...fault })) };
  }
  const written = read.document.toValue() ?? {};
  const parsed = Manifest.safeParse(written);
  const findings = parsed.success
    ? contradictionsIn(parsed.data)
    : findingsOf(parsed.error.issues, written, manifestJsonSchema());
  if (parsed.success && findings.length === 0) return { ok: true, manifest: parsed.data };
  return { ok: false, problems: inOrder(findings.map((one) => placed(one, file, read.document))) };
}

function placed(finding: Finding, file: string, document: ConfigDocument): Problem {
  const { path, message, at } = finding;
  return { file, ...document.placeOf(path, at), path: formatPath(path), message };
}

/** What the schema alone can't say. */
function contradictionsIn(manifest: Manifest): Finding[] {
  return [...wantingIn(manifest), ...patternFaultIn(manifest), ...unexplainedIn(manifest)];
}

/** The section that each kind is made of. */
const SECTION_OF = { process: 'command', container: 'container', url: 'url' } as const;
const ALLOWED_WITH: Readonly<Record<Manifest['kind'], readonly string[]>> = {
  process: ['command'],
  // A binary on this machine is taken before the image.
  container: ['container', 'command'],
  url: ['url'],
};

function wantingIn(manifest: Manifest): Finding[] {
  const { kind, command } = manifest;
  const found: Finding[] = [];
  const section = SECTION_OF[kind];
  if (manifest[section] === undefined) {
    found.push({ path: ['kind'], message: `kind "${kind}" needs "${section}"` });
  }
  for (const other of ['command', 'container', 'url'] as const) {
    if (manifest[other] !== undefined && !ALLOWED_WITH[kind].includes(other)) {
      found.push({
        path: [other],
        message: `"${other}" does not go with kind "${kind}"`,
        at: 'key',
      });
    }
  }
  if (command !== undefined && (command.names === undefined) === (command.install === undefined)) {
    found.push({ path: ['command'], message: 'exactly one of names and install is needed' });
  }
  if (manifest.reload !== undefined && 'command' in manifest.reload && command === undefined) {
    found.push({
      path: ['reload'],
      message: 'arguments of which executable? "command" is missing',
    });
  }
  return found;
}

function patternFaultIn({ command }: Manifest): Finding[] {
  const path = ['command', 'version', 'pattern'];
  try {
    const groups = new RegExp(`${command?.version.pattern ?? '()'}|`, 'u').exec('')?.length ?? 0;
    return groups > 1 ? [] : [{ path, message: 'a group is needed, (…), which takes the version' }];
  } catch {
    return [{ path, message: 'not a regular expression' }];
  }
}

/** Of each tier and scenario it is known that the target does it, or why not. */
function unexplainedIn({ tiers, scenarios, cannot }: Manifest): Finding[] {
  const does = new Set<string>([...Object.keys(tiers), ...scenarios]);
  return [...TIERS, ...SCENARIOS].flatMap((name): Finding[] => {
    if (does.has(name) && cannot[name] !== undefined) {
      return [{ path: ['cannot', name], message: `"${name}" is among what it does`, at: 'key' }];
    }
    if (does.has(name) || cannot[name] !== undefined) return [];
    const message = `neither done nor explained: ${name}; say in "cannot" why`;
    return [{ path: ['cannot'], message, at: 'key' }];
  });
}
