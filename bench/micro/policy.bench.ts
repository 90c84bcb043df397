/**
 * Question: what does a small decision of a policy cost, in the asking thread, in a pool's, of an OPA?
 * Unit: microseconds an evaluation, p50 and p99 of single ones; CPU of the asking thread. Lower is better.
 * Bar: WebAssembly inline: p50 at most 15 µs.
 *
 * The policy knows which roles a method needs and a consumer has. In every number: building the input
 * document of a request (about 1 KB as JSON), its JSON, the evaluation, its answer read and checked.
 * `alone` is one evaluation at a time. `half load` is an open loop: arrivals at random times, half as many
 * a second as were answered with 64 under way; a time counts from the arrival that was drawn, so waiting
 * is in it. The asking thread waits busily for arrivals there, as one does that has requests.
 *
 * `opa` has to be here (`OPA`, `.build/opa/opa`, or on the path): it builds the bundle, and is asked.
 * Without it only the interpreter is measured.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { quantile } from '../../arena/statistics/quantile.ts';
import { inputOf } from '../../src/policy/input.ts';
import type { Policies } from '../../src/policy/policies.ts';
import { keepBar } from './bars.ts';
import { openOpa } from './opa.ts';
import { ENTRYPOINT, openNamed, PARTS, ROLES } from './policy-subject.ts';

const BAR_US = 15;
const UNDER_WAY = 64;
const US_PER_MS = 1000;
const NS_PER_US = 1000;
/** A loop turns between that many evaluations, as it does between requests. */
const TURN_CALLS = 64;

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, bars: { type: 'string' } },
});
const forMs = Number(options.seconds) * 1000;

async function evaluate(policies: Policies, name: string): Promise<void> {
  const evaluation = await policies.evaluate(name, inputOf(PARTS));
  if (evaluation.kind !== 'decided' || !evaluation.decision.allow) {
    throw new Error(`${name}: ${JSON.stringify(evaluation)}`);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** CPU nanoseconds of this thread. Source: Linux, Documentation/scheduler/sched-stats.rst. */
function threadCpuNs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]);
}

/** Milliseconds of each evaluation, one at a time. */
async function alone(policies: Policies, name: string, durationMs: number): Promise<number[]> {
  const samples: number[] = [];
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    for (let call = 0; call < TURN_CALLS; call += 1) {
      const begunMs = performance.now();
      await evaluate(policies, name);
      samples.push(performance.now() - begunMs);
    }
    await turn();
  }
  return samples;
}

/** Evaluations a second with `UNDER_WAY` at once, and CPU microseconds of this thread for each. */
async function full(
  policies: Policies,
  name: string,
): Promise<{ readonly perSecond: number; readonly cpuUs: number }> {
  let done = 0;
  const begunMs = performance.now();
  const begunNs = threadCpuNs();
  const one = async (): Promise<void> => {
    while (performance.now() < begunMs + forMs / 2) {
      for (let call = 0; call < TURN_CALLS; call += 1) await evaluate(policies, name);
      done += TURN_CALLS;
      await turn();
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, one));
  return {
    perSecond: (done * 1000) / (performance.now() - begunMs),
    cpuUs: (threadCpuNs() - begunNs) / NS_PER_US / done,
  };
}

/** Milliseconds from each arrival to its answer, at `perSecond` arrivals drawn at random. */
async function atRate(policies: Policies, name: string, perSecond: number): Promise<number[]> {
  const samples: number[] = [];
  const asked: Promise<void>[] = [];
  const ask = async (dueMs: number): Promise<void> => {
    await evaluate(policies, name);
    samples.push(performance.now() - dueMs);
  };
  const endMs = performance.now() + forMs;
  let arrivalMs = performance.now();
  while (arrivalMs < endMs) {
    while (performance.now() < arrivalMs) await turn();
    asked.push(ask(arrivalMs));
    arrivalMs += (-Math.log(1 - Math.random()) * 1000) / perSecond;
  }
  await Promise.all(asked);
  return samples;
}

function microseconds(samples: readonly number[], at: number): string {
  return (quantile(Float64Array.from(samples).toSorted(), at) * US_PER_MS).toFixed(1);
}

const opa = await openOpa([...ROLES.files, ...ROLES.data], ENTRYPOINT);
const rego = { rego: ROLES };
const bundle = { file: opa?.bundle };
const dependsOn = ['request.method', 'consumer.name'];
const policies = await openNamed({
  ...(opa !== null && {
    'wasm-inline': { source: bundle, evaluate: 'inline' },
    'wasm-remembered': { source: bundle, evaluate: 'inline', cache: { dependsOn } },
    'wasm-pooled': { source: bundle, evaluate: 'pooled' },
  }),
  'rego-inline': { source: rego, evaluate: 'inline' },
  'rego-pooled': { source: rego, evaluate: 'pooled' },
  ...(opa !== null && { 'opa-elsewhere': { source: { opa: { url: opa.url } } } }),
});

const rows = [];
let inlineUs = Number.NaN;
let pooledUs = '';
for (const name of policies.counts().keys()) {
  await alone(policies, name, forMs / 2);
  const single = await alone(policies, name, forMs);
  const { perSecond, cpuUs } = await full(policies, name);
  const loaded = await atRate(policies, name, perSecond / 2);
  if (name === 'wasm-inline') inlineUs = Number(microseconds(single, 0.5));
  if (name === 'wasm-pooled') pooledUs = microseconds(loaded, 0.99);
  rows.push({
    'µs an evaluation': name,
    'alone p50': microseconds(single, 0.5),
    'alone p99': microseconds(single, 0.99),
    'full, per second': Math.round(perSecond),
    'CPU of the asking thread': cpuUs.toFixed(1),
    'half load p50': microseconds(loaded, 0.5),
    'half load p99': microseconds(loaded, 0.99),
  });
}
const bytes = Buffer.byteLength(JSON.stringify(inputOf(PARTS)));
console.log(
  `\nA small decision of a policy, its input (${bytes} bytes) included; Node ${process.version}`,
);
console.table(rows);
for (const [name, { asked, inline, fellBack }] of policies.counts()) {
  if (name.endsWith('inline') && inline < asked) {
    console.log(
      `${name}: ${asked - inline} of ${asked} were asked of the pool (${fellBack} begun inline)`,
    );
  }
}
const isReached = inlineUs <= BAR_US ? 'reached' : 'NOT reached';
console.log(
  opa === null
    ? 'bar not looked at: opa is missing (scripts/components.sh builds one)'
    : `bar, for "wasm-inline": p50 alone ≤ ${BAR_US} µs: ${isReached}`,
);
keepBar(options.bars, {
  cost: "a policy's decision, inline",
  measured: opa === null ? 'opa is missing' : `p50 ${inlineUs} µs`,
  target: `≤ ${BAR_US} µs`,
  verdict: opa === null ? 'not measured' : isReached,
});
keepBar(options.bars, {
  cost: "a policy's decision, pooled, at half load",
  measured: opa === null ? 'opa is missing' : `p99 ${pooledUs} µs`,
  target: 'to be stated',
  verdict: opa === null ? 'not measured' : 'stated',
});
await policies.close();
opa?.stop();
