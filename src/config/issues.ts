/**
 * Turns what zod found into sentences about the file, in the words of somebody who writes YAML.
 *
 * A message may repeat a key, and never a value: a value may be a secret.
 *
 * @module
 */

import type * as z from 'zod';

import { configJsonSchema, type JsonSchema, keysAt } from './json-schema.ts';
import type { Finding, Path } from './problem.ts';
import { didYouMean } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** What the issues are about, and what may stand in it. */
interface Written {
  readonly value: unknown;
  readonly schema: JsonSchema;
}

/** `value` is what the issues are about; `schema` what it was to be, where keys are suggested from. */
export function findingsOf(
  issues: readonly Issue[],
  value: unknown,
  schema: JsonSchema = configJsonSchema(),
): Finding[] {
  return issues.flatMap((issue) => findingOf(issue, [], { value, schema }));
}

function findingOf(issue: Issue, base: Path, written: Written): Finding[] {
  const path = [...base, ...issue.path.map(stepOf)];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path, written.schema);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: known.includes(key)
        ? `"${key}" does not go with the other keys here`
        : `unknown key "${key}"${didYouMean(key, known)}`,
      at: 'key',
    }));
  }
  if (issue.code === 'invalid_key') {
    return [{ path, message: issue.issues[0]?.message ?? 'not a valid key', at: 'key' }];
  }
  if (issue.code === 'invalid_union') {
    const branch = chosen(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => findingOf(inner, path, written));
    return [{ path, message: expectation(issue.errors.flat(), valueAt(written.value, path)) }];
  }
  return [{ path, message: sentence(issue, valueAt(written.value, path)) }];
}

/** The branch of a union that was meant: the kind of value fits, and least else is wrong. */
function chosen(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = branches.filter(
    (issues) => !issues.some((issue) => issue.path.length === 0 && isAboutKind(issue)),
  );
  return fitting.toSorted((a, b) => a.length - b.length)[0];
}

function isAboutKind(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function sentence(issue: Issue, value: unknown): string {
  if (issue.code === 'too_small') return amount(issue.origin, 'at least', issue.minimum);
  if (issue.code === 'too_big') return amount(issue.origin, 'at most', issue.maximum);
  // Zod's own words begin so; others are a field's, such as those of `mode`.
  const isGeneric = issue.message.startsWith('Invalid ');
  return isGeneric && isAboutKind(issue) ? expectation([issue], value) : issue.message;
}

function amount(origin: string, relation: string, bound: number | bigint): string {
  if (origin === 'string') return `must have ${relation} ${counted(bound, 'character')}`;
  if (origin === 'array') return `must have ${relation} ${counted(bound, 'item')}`;
  return `must be ${relation} ${bound}`;
}

function counted(count: number | bigint, noun: string): string {
  return Number(count) === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

/** What was expected and what is there, by kind only. */
function expectation(issues: readonly Issue[], value: unknown): string {
  const kinds = new Set<string>();
  const words: unknown[] = [];
  for (const issue of issues) {
    if (issue.code === 'invalid_type') kinds.add(kindExpected(issue.expected));
    if (issue.code === 'invalid_value') words.push(...issue.values);
  }
  const expected = listed([...words.map((word) => JSON.stringify(word)), ...kinds]);
  if (value === undefined) return `is required (${expected})`;
  if (typeof value === 'string' && words.length > 0) {
    return `expected ${expected}${didYouMean(value, words.map(String))}`;
  }
  if (kinds.size === 0 && typeof value === typeof words[0]) return `expected ${expected}`;
  const isUnquoted = typeof value === 'number' || typeof value === 'boolean';
  const hint = isUnquoted && expected === KINDS['string'] ? '; put it in quotes' : '';
  return `expected ${expected}, found ${kindFound(value)}${hint}`;
}

/** `a, b or c`. */
function listed(choices: readonly string[]): string {
  const last = choices.at(-1) ?? 'something else';
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(', ')} or ${last}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function kindExpected(expected: string): string {
  return KINDS[expected] ?? expected;
}

function kindFound(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'a number' : 'true or false';
}

function stepOf(step: PropertyKey): string | number {
  return typeof step === 'symbol' ? String(step) : step;
}

function valueAt(written: unknown, path: Path): unknown {
  let value = written;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
