/**
 * An engine that evaluates in the asking thread where that is cheaper, and in a pool where it is not.
 *
 * What runs here either gives an answer soon or none: an input over `INPUT_MAX_CHARS`, an evaluation
 * that uses up its bounds, one that fails. Then the pool is asked, whose answer stands; so every failure,
 * and its outcome, is the pool's. Bounds of what runs here are the evaluator's own.
 *
 * @module
 */

import { type Answer, answerOf, DECISION_MAX_BYTES, type Engine } from '../engine.ts';
import { Placement } from './placement.ts';

/** What evaluates in the asking thread: bounded in time, and throws when it can't. */
export interface Evaluator {
  /** `input` is JSON, the result a result set. */
  evaluate(input: string): string;
}

/** Evaluations that were answered here, and those that were begun here and then asked of the pool. */
export interface InlineCounts {
  inline: number;
  fellBack: number;
}

/** Reading an input is work, too: a longer one is asked of the pool. */
const INPUT_MAX_CHARS = 16_384;
const US_PER_MS = 1000;

/**
 * `openEvaluator` is called once, when the first evaluation runs here; `openPool` gets whom it tells
 * what an evaluation has cost its thread, in microseconds.
 */
export async function openInlineOrPooled(options: {
  readonly evaluate: 'auto' | 'inline';
  readonly openEvaluator: () => Evaluator;
  readonly openPool: (measured: (costUs: number) => void) => Promise<Engine>;
  readonly counts: InlineCounts;
}): Promise<Engine> {
  const { openEvaluator, openPool, counts } = options;
  const placement = new Placement(options.evaluate);
  const pool = await openPool((costUs) => placement.costPooled(costUs, performance.now()));
  let evaluator: Evaluator | null = null;
  let isClosed = false;

  function evaluate(input: string, startMs: number): Answer | null {
    try {
      evaluator ??= openEvaluator();
      const resultSet = evaluator.evaluate(input);
      if (resultSet.length > DECISION_MAX_BYTES) return null;
      const answer = answerOf(resultSet);
      const endMs = performance.now();
      placement.costInline((endMs - startMs) * US_PER_MS, endMs);
      return answer;
    } catch {
      return null;
    }
  }

  return {
    async ask(input) {
      const startMs = performance.now();
      if (isClosed || input.length > INPUT_MAX_CHARS || !placement.isInline(startMs)) {
        return pool.ask(input);
      }
      const answer = evaluate(input, startMs);
      if (answer !== null) {
        counts.inline += 1;
        return answer;
      }
      counts.fellBack += 1;
      placement.failedInline(performance.now());
      return pool.ask(input);
    },
    async close() {
      isClosed = true;
      await pool.close();
    },
  };
}
