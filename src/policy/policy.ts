/**
 * One policy: its engine, and the decisions that it remembers where it says on what they depend.
 *
 * Bounds: a document of `INPUT_MAX_BYTES`; the rest is the engine's and the cache's own.
 *
 * @module
 */

import type { Model } from '../config/schema.ts';
import type { BundleEvent } from './bundle/server.ts';
import { Decisions } from './cache/decisions.ts';
import { projectionOf } from './cache/projection.ts';
import { type Evaluation, evaluationOf } from './decision.ts';
import { type Engine, failed } from './engine.ts';
import { INPUT_MAX_BYTES, type PolicyInput } from './input.ts';
import { openSource } from './source.ts';

/** A character is three bytes at most, so this many are never too large. */
const SURELY_SMALL_CHARS = INPUT_MAX_BYTES / 3;

/** What has been counted of one policy since it was opened. */
export interface PolicyCounts {
  /** Evaluations that its engine was asked for; those that the cache had are not among them. */
  asked: number;
  /** Of these, the ones answered in the asking thread. */
  inline: number;
  /** Of these, the ones begun in the asking thread, and then asked of the pool. */
  fellBack: number;
  cacheHits: number;
  cacheMisses: number;
}

export interface OpenPolicy {
  readonly counts: Readonly<PolicyCounts>;
  /** Never rejects. */
  evaluate(input: PolicyInput): Promise<Evaluation>;
  close(): Promise<void>;
}

/** Rejects when it can't be loaded. */
export async function openPolicy(
  policy: Model['policies'][string],
  report: (event: BundleEvent) => void,
): Promise<OpenPolicy> {
  const counts = { asked: 0, inline: 0, fellBack: 0, cacheHits: 0, cacheMisses: 0 };
  const decisions = policy.cache === null ? null : new Decisions(policy.cache);
  const engine = await openSource(policy, counts, (event) => {
    if (event.kind === 'loaded') decisions?.clear();
    report(event);
  });
  const textOf = policy.cache === null ? JSON.stringify : projectionOf(policy.cache.dependsOn);
  const ask = (text: string): Promise<Evaluation> => {
    counts.asked += 1;
    return asked(engine, text);
  };
  return {
    counts,
    async evaluate(input) {
      const text = textOf(input);
      return decisions === null ? ask(text) : remembered(text, decisions, counts, ask);
    },
    close: () => engine.close(),
  };
}

async function asked(engine: Engine, text: string): Promise<Evaluation> {
  if (text.length > SURELY_SMALL_CHARS && Buffer.byteLength(text) > INPUT_MAX_BYTES) {
    return failed('error', `an input of more than ${INPUT_MAX_BYTES} bytes`);
  }
  return evaluationOf(await engine.ask(text));
}

async function remembered(
  text: string,
  decisions: Decisions,
  counts: PolicyCounts,
  ask: (text: string) => Promise<Evaluation>,
): Promise<Evaluation> {
  const nowMs = performance.now();
  const { generation } = decisions;
  const found = decisions.find(text, nowMs);
  if (found !== null) {
    counts.cacheHits += 1;
    return found;
  }
  counts.cacheMisses += 1;
  const evaluation = await ask(text);
  decisions.keep(text, evaluation, { generation, nowMs });
  return evaluation;
}
