/**
 * What evaluates a policy, whatever it is made of: JSON in, an answer out.
 *
 * @module
 */

/** Why there is no decision: the rules or their engine, the time, no room, nothing to ask. */
export type FailureWhy = 'error' | 'timeout' | 'queue_full' | 'unavailable';

export interface Failure {
  readonly kind: 'failed';
  readonly why: FailureWhy;
  /** One sentence for a person; holds nothing of the input. */
  readonly detail: string;
}

/** What the rule says; `undefined` is a rule that says nothing about this input. */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'undefined' }
  | Failure;

/** Bounds are the engine's own: its time, its queue, its memory. */
export interface Engine {
  /** `input` is the JSON of the input document. Never rejects. */
  ask(input: string): Promise<Answer>;
  /** Lets what was asked be answered; what is asked afterwards fails. */
  close(): Promise<void>;
}

/** Longest text of a decision; a longer one is an error. */
export const DECISION_MAX_BYTES = 65_536;

const DETAIL_MAX_CHARS = 500;

export function failed(why: FailureWhy, detail: string): Failure {
  return { kind: 'failed', why, detail: detail.slice(0, DETAIL_MAX_CHARS) };
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a result set says: `[]`, or `[{"result": …}]`, as OPA's modules write it. Throws at anything else. */
export function answerOf(resultSet: string): Answer {
  const results: unknown = JSON.parse(resultSet);
  if (!Array.isArray(results) || results.length === 0) return { kind: 'undefined' };
  const [first]: { readonly result?: unknown }[] = results;
  return { kind: 'value', value: first?.result };
}
