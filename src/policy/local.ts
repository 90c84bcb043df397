/**
 * Opens policies that this process evaluates itself: in a pool of threads, or in the asking one.
 *
 * In the asking thread runs only what is bounded there. WebAssembly is, once it is metered and its
 * data are no more than `INLINE_DATA_MAX_CHARS`, which are read again after an evaluation that failed.
 * The interpreter of Rego is not: it looks at the clock between two steps, and one step may be a
 * function with any amount of work; so it runs here only where the configuration says so.
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import type { Bundle } from './bundle/bundle.ts';
import type { Engine } from './engine.ts';
import { type InlineCounts, openInlineOrPooled } from './inline/engine.ts';
import { compileRego, type RegoPolicy } from './rego.ts';
import { openPool } from './threads/pool.ts';
import { type Fuel, hostPolicy } from './wasm/host.ts';

type Policy = Pick<
  Model['policies'][string],
  'entrypoint' | 'evaluate' | 'threads' | 'queueMax' | 'timeoutMs' | 'memoryMaxBytes'
>;

/** About 0.1 ms of an evaluation, 1 ms before V8 has optimised it; ten for reading the data. */
export const INLINE_FUEL: Fuel = { load: 100_000_000n, evaluation: 1_000_000n };
const INLINE_DATA_MAX_CHARS = 262_144;
/** Longest evaluation of Rego in the asking thread, as far as the interpreter looks. */
const INLINE_REGO_MAX_MS = 1;

/** Rejects when it can't be loaded. */
export function openBundle(
  { module, isMetered, data }: Bundle,
  policy: Policy,
  counts: InlineCounts,
): Promise<Engine> {
  const { entrypoint, memoryMaxBytes, evaluate } = policy;
  const rules = { module, data, entrypoint, memoryMaxBytes };
  const pool = (measured?: (costUs: number) => void): Promise<Engine> =>
    openPool({ kind: 'wasm', ...rules }, policy, measured);
  if (evaluate === 'pooled' || !isMetered || data.length > INLINE_DATA_MAX_CHARS) {
    return pool();
  }
  const openEvaluator = (): ReturnType<typeof hostPolicy> => hostPolicy(rules, INLINE_FUEL);
  return openInlineOrPooled({ evaluate, openEvaluator, openPool: pool, counts });
}

/** Rejects when it can't be compiled. */
export async function openRego(
  sources: Pick<RegoPolicy, 'files' | 'data'>,
  policy: Policy,
  counts: InlineCounts,
): Promise<Engine> {
  const { entrypoint, timeoutMs, evaluate } = policy;
  const rules = { ...sources, entrypoint };
  const pool = (measured?: (costUs: number) => void): Promise<Engine> =>
    openPool({ kind: 'rego', ...rules, timeoutMs }, policy, measured);
  if (evaluate !== 'inline') return pool();
  // Compiled now: that takes a while, and what serves requests has not begun to.
  const evaluator = compileRego({ ...rules, timeoutMs: INLINE_REGO_MAX_MS });
  const openEvaluator = (): typeof evaluator => evaluator;
  return openInlineOrPooled({ evaluate, openEvaluator, openPool: pool, counts });
}
