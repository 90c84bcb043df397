/**
 * Makes the resolved model of a configuration file, or says every reason why not.
 *
 * read → references → overrides → schema → meaning → model. Each step reports all it finds, each
 * finding with its line and column. Never throws for what is in the file.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { type ConfigDocument, readDocument, TEXT_MAX_BYTES } from './document.ts';
import { findingsOf } from './issues.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { type Finding, formatPath, type Problem } from './problem.ts';
import { type Environment, type References, reasonOf, resolveReferences } from './references.ts';
import { resolveModel } from './resolve.ts';
import { Config, type Model, type ValidConfig } from './schema.ts';
import { checkMeaning } from './semantics.ts';

export type Loaded =
  | {
      readonly ok: true;
      readonly model: Model;
      /** Gives what native code found in the model (`routes.0.match.path`) its place in the file. */
      problemsAt(found: readonly { path: string; message: string }[]): Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface Source {
  /** How problems name the file. */
  readonly file: string;
  /** What files named in it are relative to. */
  readonly baseDir: string;
  readonly env: Environment;
  readonly overrides?: Overrides;
  /** Cores of the machine, for `workers: auto`. */
  readonly cores?: number;
}

export function loadConfig(
  file: string,
  env: Environment = process.env,
  overrides: Overrides = {},
): Loaded {
  let text: string;
  try {
    if (statSync(file).size > TEXT_MAX_BYTES) {
      return unreadable(file, `larger than ${TEXT_MAX_BYTES} bytes`);
    }
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    return unreadable(file, `cannot be read: ${readingFault(error)}`);
  }
  return parseConfig(text, { file, baseDir: dirname(resolve(file)), env, overrides });
}

/** The same for text that has been read already. */
export function parseConfig(text: string, source: Source): Loaded {
  const { file, baseDir, env } = source;
  const read = readDocument(text);
  if (!read.ok) {
    return { ok: false, problems: read.faults.map((fault) => ({ file, path: '', ...fault })) };
  }
  const { document } = read;
  const { references, findings } = resolveReferences(document, { env, baseDir });
  const place = (found: readonly Finding[]): Problem[] =>
    found.map((finding) => placed(finding, { file, document, references }));
  if (findings.length > 0) return { ok: false, problems: place(findings) };

  const checked = check(document, references, source.overrides ?? {});
  const wrong = checked.ok ? checkMeaning(checked.config, baseDir) : checked.findings;
  if (!checked.ok || wrong.length > 0) return { ok: false, problems: inOrder(place(wrong)) };
  const { cores } = source;
  return {
    ok: true,
    model: resolveModel(checked.config, cores === undefined ? { baseDir } : { baseDir, cores }),
    problemsAt: (found) =>
      inOrder(place(found.map(({ path, message }) => ({ path: document.pathOf(path), message })))),
  };
}

type Checked =
  | { readonly ok: true; readonly config: ValidConfig }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Twice at most: where a reference gave text and the schema wants a number, it is made one. */
function check(document: ConfigDocument, references: References, overrides: Overrides): Checked {
  for (let attempt = 1; ; attempt += 1) {
    const written = applyOverrides(document.toValue(), overrides);
    const parsed = Config.safeParse(written ?? {});
    if (parsed.success) return { ok: true, config: parsed.data };
    const findings = findingsOf(parsed.error.issues, written);
    const retyped = findings.filter(({ path }) => references.retype(path));
    if (attempt > 1 || retyped.length === 0) return { ok: false, findings };
  }
}

function placed(
  finding: Finding,
  origin: { file: string; document: ConfigDocument; references: References },
): Problem {
  return {
    file: origin.file,
    ...origin.document.placeOf(finding.path, finding.at),
    path: formatPath(finding.path),
    message: origin.references.redact(finding.message),
  };
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function unreadable(file: string, message: string): Loaded {
  return { ok: false, problems: [{ file, line: 1, column: 1, path: '', message }] };
}

function readingFault(error: unknown): string {
  return error instanceof TypeError ? 'not UTF-8 text' : reasonOf(error);
}
