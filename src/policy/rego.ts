/**
 * Rego sources, evaluated by the interpreter in native code.
 *
 * Bounds: `timeoutMs` of one evaluation, looked at by the interpreter itself, because a thread
 * can't be ended while it is in native code.
 *
 * @module
 */

import { compilePolicy } from '../native/addon.ts';

/** Rules as they are written; `entrypoint` has slashes. */
export interface RegoPolicy {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** JSON text of the data document. */
  readonly data: string;
  readonly entrypoint: string;
  readonly timeoutMs: number;
}

/** An evaluation that took longer than it may. */
export class RegoTimeout extends Error {}

/** Throws when a file can't be compiled, with its place. */
export function compileRego(policy: RegoPolicy): { evaluate(input: string): string } {
  const { files, data, entrypoint, timeoutMs } = policy;
  const ask = compilePolicy(JSON.stringify({ files, data, entrypoint, timeoutMs }));
  return {
    /** A result set, as OPA's modules give it. Throws; `RegoTimeout` when that was all. */
    evaluate(input) {
      const result = bounded(() => ask(input), timeoutMs);
      return result === null ? '[]' : `[{"result":${result}}]`;
    },
  };
}

function bounded(evaluate: () => string | null, timeoutMs: number): string | null {
  try {
    return evaluate();
  } catch (cause) {
    // The interpreter's own words; its version is pinned, and a test waits for this.
    if (!(cause instanceof Error && cause.message.includes('exceeded time limit'))) throw cause;
    throw new RegoTimeout(`took longer than ${timeoutMs} ms`, { cause });
  }
}
