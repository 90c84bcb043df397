/**
 * One thing that is wrong with a configuration: where, and what.
 *
 * @module
 */

/** A way into the document: keys and list positions. */
export type Path = readonly (string | number)[];

/** Lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Problem extends Place {
  /** The file as it was named, or where else the value came from. */
  readonly file: string;
  /** `routes[0].rateLimit.by`; empty for the document as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A finding before it has a place. `at` says whether the key or the value is to be shown. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly at?: 'key' | 'value';
}

/** `gateway.yaml:12:7: routes[0].rateLimits: unknown key …`, which editors make clickable. */
export function formatProblem(problem: Problem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}`;
  return problem.path === ''
    ? `${where}: ${problem.message}`
    : `${where}: ${problem.path}: ${problem.message}`;
}

/** As they stand in the file. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** `['routes', 0, 'match']` becomes `routes[0].match`; a key that is no plain word is quoted. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[\w-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}
