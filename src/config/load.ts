/**
 * Makes the resolved model of a configuration file, or says every reason why not.
 *
 * read → references → overrides and environment → schema → meaning → model. Each step reports all it finds, each
 * finding with its line and column; the next one looks at what is right so far. Never throws for
 * what is in the file.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { type ConfigDocument, readDocument, TEXT_MAX_BYTES } from './document.ts';
import { findingsOf } from './issues.ts';
import { withKeycloak } from './keycloak.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { type Finding, formatPath, inOrder, type Problem } from './problem.ts';
import { type Environment, type References, reasonOf, resolveReferences } from './references.ts';
import { resolveModel } from './resolve.ts';
import { isWithin, salvage, unrelated } from './salvage.ts';
import { Config, type Model, type ValidConfig } from './schema.ts';
import { checkMeaning } from './semantics.ts';

/** A model, and the place in the file of what native code finds in it (`routes.0.match.path`). */
export interface Checkable {
  readonly model: Model;
  problemsAt(found: readonly { path: string; message: string }[]): Problem[];
}

export type Loaded =
  | ({ readonly ok: true } & Checkable)
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** What is right, for native code to check; null when too little is left. Never to be run. */
      readonly rest: Checkable | null;
    };

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
  const { file, baseDir, env, cores } = source;
  const read = readDocument(text);
  if (!read.ok) {
    const problems = read.faults.map((fault) => ({ file, path: '', ...fault }));
    return { ok: false, problems, rest: null };
  }
  const { document } = read;
  const { references, findings: missing } = resolveReferences(document, { env, baseDir });
  const shape = check(document, references, { env, ...source.overrides });
  const found = [...missing, ...withoutConsequences(shape.findings, missing)];

  const meant = found.length === 0 ? shape.config : rightPart(shape.written, found);
  if (meant !== null) found.push(...unrelated(checkMeaning(meant, baseDir), found));
  const config = found.length === 0 ? meant : rightPart(shape.written, found);

  const place = (findings: readonly Finding[]): Problem[] =>
    inOrder(findings.map((finding) => placed(finding, { file, document, references })));
  const rest = config && {
    model: resolveModel(config, cores === undefined ? { baseDir } : { baseDir, cores }),
    problemsAt: (errors: readonly { path: string; message: string }[]): Problem[] => {
      const later = errors.map(({ path, message }) => ({ path: document.pathOf(path), message }));
      return place(unrelated(later, found));
    },
  };
  if (found.length === 0 && rest !== null) return { ok: true, ...rest };
  return { ok: false, problems: place(found), rest };
}

/** What the schema says. `config` is there when it finds nothing. */
interface Shape {
  readonly written: unknown;
  readonly config: ValidConfig | null;
  readonly findings: readonly Finding[];
}

/** Twice at most: where a reference gave text and the schema wants a number, it is made one. */
function check(
  document: ConfigDocument,
  references: References,
  settings: Overrides & { readonly env: Environment },
): Shape {
  for (let attempt = 1; ; attempt += 1) {
    const file = document.toValue() ?? {};
    const written = withKeycloak(applyOverrides(file, settings), settings.env);
    const parsed = Config.safeParse(written);
    if (parsed.success) return { written, config: parsed.data, findings: [] };
    const findings = findingsOf(parsed.error.issues, written);
    const retyped = findings.filter(({ path }) => references.retype(path));
    if (attempt > 1 || retyped.length === 0) return { written, config: null, findings };
  }
}

/** A value that is missing is told once: that its kind is wrong as well says nothing. */
function withoutConsequences(
  findings: readonly Finding[],
  missing: readonly Finding[],
): readonly Finding[] {
  return findings.filter(
    ({ path, at }) => at === 'key' || !missing.some((value) => isWithin(value.path, path)),
  );
}

/** More is one mistake made everywhere, and taking out each would take long. */
const TAKEN_OUT_MAX = 1000;

/** The configuration without what was found wrong, if the schema agrees to that. */
function rightPart(written: unknown, wrong: readonly Finding[]): ValidConfig | null {
  if (wrong.length > TAKEN_OUT_MAX) return null;
  return Config.safeParse(salvage(written, wrong)).data ?? null;
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

function unreadable(file: string, message: string): Loaded {
  return { ok: false, problems: [{ file, line: 1, column: 1, path: '', message }], rest: null };
}

function readingFault(error: unknown): string {
  return error instanceof TypeError ? 'not UTF-8 text' : reasonOf(error);
}
