/**
 * A YAML text made into a value by any schema, or every reason why not, with line and column.
 *
 * For files that hold no references and no secrets; the gateway's own is read by `load.ts`. Bounds
 * are those of `document.ts`. Never throws for what is in the file.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs';

import type * as z from 'zod';

import { readDocument, TEXT_MAX_BYTES } from './document.ts';
import { findingsOf } from './issues.ts';
import { inputSchemaOf } from './json-schema.ts';
import { type Finding, formatPath, inOrder, type Problem } from './problem.ts';
import { reasonOf } from './references.ts';

export type CheckedText<Value> =
  | { readonly ok: true; readonly value: Value; readonly text: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export interface Format<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** What the schema can't say; asked only of what the schema agrees to. */
  readonly meaning?: (value: z.output<Schema>) => readonly Finding[];
}

/** Reads and checks a file. */
export function checkDocumentFile<Schema extends z.ZodType>(
  file: string,
  format: Format<Schema>,
): CheckedText<z.output<Schema>> {
  try {
    if (statSync(file).size > TEXT_MAX_BYTES) {
      return unreadable(file, `larger than ${TEXT_MAX_BYTES} bytes`);
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    return checkDocument(text, file, format);
  } catch (error) {
    const reason = error instanceof TypeError ? 'not UTF-8 text' : reasonOf(error);
    return unreadable(file, `cannot be read: ${reason}`);
  }
}

/** The same for text that has been read already; `file` is how problems name it. */
export function checkDocument<Schema extends z.ZodType>(
  text: string,
  file: string,
  { schema, meaning = () => [] }: Format<Schema>,
): CheckedText<z.output<Schema>> {
  const read = readDocument(text);
  if (!read.ok) {
    return { ok: false, problems: read.faults.map((fault) => ({ file, path: '', ...fault })) };
  }
  const written = read.document.toValue() ?? {};
  const parsed = schema.safeParse(written);
  const findings = parsed.success
    ? meaning(parsed.data)
    : findingsOf(parsed.error.issues, written, inputSchemaOf(schema));
  if (parsed.success && findings.length === 0) return { ok: true, value: parsed.data, text };
  const problems = findings.map(({ path, message, at }): Problem => {
    const { line, column } = read.document.placeOf(path, at);
    return { file, line, column, path: formatPath(path), message };
  });
  return { ok: false, problems: inOrder(problems) };
}

function unreadable(file: string, message: string): CheckedText<never> {
  return { ok: false, problems: [{ file, line: 1, column: 1, path: '', message }] };
}
