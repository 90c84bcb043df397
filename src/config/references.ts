/**
 * References: `${NAME}` and `${NAME:-default}` from the environment, `file:path` for secrets.
 *
 * Environment names are upper-case; `${consumer}` and the other lower-case names are template
 * variables and stay. `$${` stands for a plain `${`. What comes from the environment is plain
 * text: in a template it is quoted so that it can't become a variable.
 * Bounds: a secret's file has at most 4096 bytes. No message holds a value that came by reference.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Scalar } from 'yaml';

import type { ConfigDocument } from './document.ts';
import type { Finding, Path } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const SECRET_FILE_MAX_BYTES = 4096;
const REFERENCE = /\$?\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}/g;

/** Values shorter than this are common words; taking them out of messages would make them nonsense. */
const REDACTED_MIN_CHARS = 4;

interface Replaced {
  readonly scalar: Scalar;
  readonly written: string;
}

/** What references stood in a document, and what they became. */
export class References {
  readonly #replaced = new Map<string, Replaced>();

  add(path: Path, scalar: Scalar, written: string): void {
    this.#replaced.set(JSON.stringify(path), { scalar, written });
  }

  /**
   * Makes a number or a boolean of a replaced text that looks like one. The schema decides when:
   * a key may be all digits and stays text, a port is a number. False when there is nothing to do.
   */
  retype(path: Path): boolean {
    const replaced = this.#replaced.get(JSON.stringify(path));
    const text = replaced?.scalar.value;
    if (replaced === undefined || typeof text !== 'string') return false;
    if (/^-?\d{1,15}$/.test(text)) replaced.scalar.value = Number(text);
    else if (text === 'true' || text === 'false') replaced.scalar.value = text === 'true';
    else return false;
    return true;
  }

  /** `message` with every value that came by reference put back to how it was written. */
  redact(message: string): string {
    let redacted = message;
    for (const { scalar, written } of this.#replaced.values()) {
      const value = String(scalar.value);
      if (value.length >= REDACTED_MIN_CHARS) redacted = redacted.replaceAll(value, () => written);
    }
    return redacted;
  }
}

/** Replaces every reference in the document. `baseDir` is what a secret's file is relative to. */
export function resolveReferences(
  document: ConfigDocument,
  source: { readonly env: Environment; readonly baseDir: string },
): { readonly references: References; readonly findings: readonly Finding[] } {
  const references = new References();
  const findings: Finding[] = [];

  document.eachScalar((path, scalar) => {
    if (typeof scalar.value !== 'string') return;
    const written = scalar.value;
    const missing: string[] = [];
    let text = replaceNames(written, isTemplate(path), source.env, missing);
    for (const name of missing) {
      const message = `environment variable ${name} is not set; \${${name}:-default} gives a default`;
      findings.push({ path, message });
    }
    if (missing.length === 0 && isSecret(path) && text.startsWith('file:')) {
      const secret = readSecret(resolve(source.baseDir, text.slice('file:'.length)));
      if (secret.ok) text = secret.text;
      else findings.push({ path, message: secret.message });
    }
    if (text === written) return;
    scalar.value = text;
    references.add(path, scalar, written);
  });
  return { references, findings };
}

function replaceNames(
  written: string,
  template: boolean,
  env: Environment,
  missing: string[],
): string {
  return written.replace(REFERENCE, (whole, name: string, fallback: string | undefined) => {
    if (whole.startsWith('$$')) return template ? whole : whole.slice(1);
    // As in a shell: `:-` also stands in for a variable that is set to nothing.
    const given = env[name];
    const value = given === undefined || given === '' ? (fallback ?? given) : given;
    if (value === undefined) missing.push(name);
    return template ? (value ?? '').replaceAll('${', () => '$${') : (value ?? '');
  });
}

function isSecret(path: Path): boolean {
  if (path[0] !== 'consumers') return false;
  return (
    (path[2] === 'apiKeys' && path[4] === 'value') ||
    (path[2] === 'basic' && path[4] === 'passwordHash')
  );
}

/** Fields where `${name}` is also native code's syntax, and `$${` its escape. */
function isTemplate(path: Path): boolean {
  if (path[0] !== 'routes') return false;
  const field = path.slice(2, 5).join('.');
  return (
    /^(?:request|response)\.headers\.(?:set|add)$/.test(field) ||
    field === 'request.path.rewrite' ||
    field === 'redirect.to'
  );
}

type Secret =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

function readSecret(file: string): Secret {
  try {
    const found = statSync(file);
    if (!found.isFile()) return { ok: false, message: `${file} is not a file` };
    if (found.size > SECRET_FILE_MAX_BYTES) {
      return { ok: false, message: `${file} has more than ${SECRET_FILE_MAX_BYTES} bytes` };
    }
    return { ok: true, text: readFileSync(file, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    return { ok: false, message: `cannot read ${file}: ${reasonOf(error)}` };
  }
}

const FAULTS = new Map([
  ['ENOENT', 'no such file'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'what should be a folder on the way is a file'],
  ['EACCES', 'this user may not read it'],
]);

/** What went wrong by the operating system's code, in words where they are known: `no such file (ENOENT)`. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    const code = String(error.code);
    const words = FAULTS.get(code);
    return words === undefined ? code : `${words} (${code})`;
  }
  return error instanceof Error ? error.message : String(error);
}
