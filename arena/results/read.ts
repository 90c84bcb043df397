/**
 * Reads the records of a run, or says which line is not one and why.
 *
 * A last line without its end is what a killed run leaves: it is left out, and told. Bound: files
 * of 256 MiB.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

import { findingsOf } from '../../src/config/issues.ts';
import { inputSchemaOf } from '../../src/config/json-schema.ts';
import { formatPath, type Problem } from '../../src/config/problem.ts';
import { ResultRecord, type RunRecord } from './records.ts';

const FILE_MAX_BYTES = 256 << 20;
/** One wrong field is usually wrong in every line. */
const PROBLEMS_MAX = 20;

/** The records in the order they were written, the first of them being `run`. */
export interface Results {
  readonly run: RunRecord;
  readonly records: readonly ResultRecord[];
  /** Whether the last line was cut off, and so left out. */
  readonly cut: boolean;
}

export type ReadResults =
  | { readonly ok: true; readonly results: Results }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Never throws for what is in the file, nor when there is none. */
export function readResults(file: string): ReadResults {
  let text: string;
  try {
    text = readBounded(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [problem(file, 1, `cannot be read: ${reason}`)] };
  }
  return parseResults(text, file);
}

/** The same for text that has been read already; `file` is how problems name it. */
export function parseResults(text: string, file: string): ReadResults {
  const lines = text.split('\n');
  const cut = lines.pop() !== '';
  const records: ResultRecord[] = [];
  const problems: Problem[] = [];
  for (const [index, line] of lines.entries()) {
    const parsed = parseLine(line, file, index + 1);
    if ('problems' in parsed) problems.push(...parsed.problems);
    else records.push(parsed.record);
    if (problems.length >= PROBLEMS_MAX) break;
  }
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, PROBLEMS_MAX) };
  const [run] = records;
  if (run?.kind !== 'run') {
    return { ok: false, problems: [problem(file, 1, 'the first line is no record of kind "run"')] };
  }
  const astray = records.findIndex((record, index) => isAstray(record, index, records.length));
  if (astray >= 0) {
    const message = `a record of kind "${records[astray]?.kind}" does not belong here`;
    return { ok: false, problems: [problem(file, astray + 1, message)] };
  }
  return { ok: true, results: { run, records, cut } };
}

/** One run begins the file, and an end ends it. */
function isAstray({ kind }: ResultRecord, index: number, count: number): boolean {
  return (kind === 'run' && index > 0) || (kind === 'end' && index < count - 1);
}

function parseLine(
  line: string,
  file: string,
  number: number,
): { readonly record: ResultRecord } | { readonly problems: readonly Problem[] } {
  let written: unknown;
  try {
    written = JSON.parse(line);
  } catch {
    return { problems: [problem(file, number, 'not JSON')] };
  }
  const parsed = ResultRecord.safeParse(written);
  if (parsed.success) return { record: parsed.data };
  const findings = findingsOf(parsed.error.issues, written, inputSchemaOf(ResultRecord));
  return {
    problems: findings.map(({ path, message }) => ({
      file,
      line: number,
      column: 1,
      path: formatPath(path),
      message,
    })),
  };
}

function readBounded(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    if (fstatSync(descriptor).size > FILE_MAX_BYTES) {
      throw new Error(`larger than ${FILE_MAX_BYTES} bytes`);
    }
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function problem(file: string, line: number, message: string): Problem {
  return { file, line, column: 1, path: '', message };
}
