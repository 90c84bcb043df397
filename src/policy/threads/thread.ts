/**
 * A thread's entry: loads its one policy, then evaluates it for whoever asks the pool.
 *
 * @module
 */

import { workerData } from 'node:worker_threads';

import { DECISION_MAX_BYTES, messageOf } from '../engine.ts';
import { compileRego, RegoTimeout } from '../rego.ts';
import { hostPolicy } from '../wasm/host.ts';
import { type Outcome, startedNow, type Task, type ThreadPolicy } from './task.ts';

type Loaded =
  | { readonly evaluate: (input: string) => string }
  | { readonly evaluate: null; readonly problem: string };

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the pool's own words
const { rules, started } = workerData as ThreadPolicy;
const starts = new Int32Array(started);
const loaded = load();

/** Bounds: none in time; the pool ends the thread. */
export function evaluate({ slot, input }: Task): Outcome {
  Atomics.store(starts, slot, startedNow());
  if (loaded.evaluate === null) return wrong(loaded.problem);
  if (input === null) return { ok: true, json: '[]', costUs: 0 };
  try {
    const startMs = performance.now();
    const json = loaded.evaluate(input);
    const costUs = (performance.now() - startMs) * 1000;
    return json.length > DECISION_MAX_BYTES
      ? wrong(`a decision of more than ${DECISION_MAX_BYTES} bytes`)
      : { ok: true, json, costUs };
  } catch (error) {
    const why = error instanceof RegoTimeout ? 'timeout' : 'error';
    return { ok: false, why, problem: messageOf(error) };
  }
}

function wrong(problem: string): Outcome {
  return { ok: false, why: 'error', problem };
}

function load(): Loaded {
  try {
    const policy = rules.kind === 'wasm' ? hostPolicy(rules) : compileRego(rules);
    return { evaluate: (input) => policy.evaluate(input) };
  } catch (error) {
    return { evaluate: null, problem: messageOf(error) };
  }
}
