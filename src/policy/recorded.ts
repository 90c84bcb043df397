/**
 * Recorded inputs, one JSON object a line, and whether a policy says of each what was expected.
 *
 * A line has `input`, what it leaves out being empty; if it wants, a `name`, and what is `expect`ed:
 * members of a decision, or `failure` with its kind. Bounds: 1 MiB a line.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util';

import type { Evaluation } from './decision.ts';
import { messageOf } from './engine.ts';
import type { PolicyInput } from './input.ts';

export interface Recorded {
  readonly name: string;
  readonly input: PolicyInput;
  readonly expect: Readonly<Record<string, unknown>> | null;
}

const LINE_MAX_CHARS = 1_048_576;
const EXPECTABLE = new Set(['allow', 'status', 'reason', 'headers', 'obligations', 'failure']);

const BLANK: PolicyInput = {
  version: 1,
  request: {
    id: '',
    method: 'GET',
    scheme: 'https',
    host: 'localhost',
    path: '/',
    segments: [''],
    query: {},
    headers: {},
    body: null,
  },
  route: { name: '' },
  consumer: null,
  tenant: null,
  plan: null,
  claims: null,
  client: { ip: '127.0.0.1', certificate: null },
};

/** Throws with a sentence. `number` names a line without a name. */
export function readRecorded(line: string, number: number): Recorded {
  if (line.length > LINE_MAX_CHARS) throw new Error(`a line of more than ${LINE_MAX_CHARS} bytes`);
  const { name = `line ${number}`, input, expect = null, ...others } = parse(line);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new Error(`unknown member "${unknown}"`);
  if (typeof name !== 'string') throw new Error('name is not text');
  if (!isObject(input)) throw new Error('input is not an object');
  if (expect !== null && !isObject(expect)) throw new Error('expect is not an object');
  const wrong = Object.keys(expect ?? {}).find((key) => !EXPECTABLE.has(key));
  if (wrong !== undefined) throw new Error(`nothing to expect of "${wrong}"`);
  return { name, input: completed(input), expect };
}

/** What differs, one sentence each; nothing where nothing was expected. */
export function differences(
  evaluation: Evaluation,
  expect: Readonly<Record<string, unknown>> | null,
): string[] {
  const said = sayingOf(evaluation);
  return Object.entries(expect ?? {}).flatMap(([key, wanted]) => {
    const got = said[key] ?? null;
    if (isDeepStrictEqual(got, wanted)) return [];
    return [`${key} is ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`];
  });
}

/** An evaluation in the form that `expect` has. */
export function sayingOf(evaluation: Evaluation): Readonly<Record<string, unknown>> {
  if (evaluation.kind === 'failed') {
    return { failure: evaluation.why, detail: evaluation.detail };
  }
  const { upstreamHeaders, downstreamHeaders, ...plain } = evaluation.decision;
  return { ...plain, headers: { upstream: upstreamHeaders, downstream: downstreamHeaders } };
}

function parse(line: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new Error(`not JSON: ${messageOf(cause)}`, { cause });
  }
  if (!isObject(value)) throw new Error('not a JSON object');
  return value;
}

/** `written` over an empty document; the members of `request` one by one. */
function completed(written: Readonly<Record<string, unknown>>): PolicyInput {
  const { request = {}, ...others } = written;
  if (!isObject(request)) throw new Error('input.request is not an object');
  const unknown = Object.keys(others).find((key) => !Object.hasOwn(BLANK, key));
  if (unknown !== undefined) throw new Error(`the input document has no "${unknown}"`);
  const { path } = request;
  const segments = typeof path === 'string' ? { segments: path.split('/').slice(1) } : {};
  return { ...BLANK, ...others, request: { ...BLANK.request, ...segments, ...request } };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
