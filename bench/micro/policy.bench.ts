/**
 * Question: what does one decision of a policy cost, evaluated in the asking thread and in a pool's?
 * Unit: microseconds an evaluation, p50 and p99 of single ones, one at a time. Lower is better.
 *
 * The policy is the default one for tenants and scopes, on an input that it allows. In the number: the
 * input's JSON, the evaluation, its answer read; in the pool's, the way to the thread and back, which on
 * a machine with idle cores is mostly waking it. Not in it: waiting behind others.
 *
 * `opa` has to have built a bundle: `--bundle FILE`, else only the interpreter is measured.
 *
 * @module
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';

import { readBundleFile } from '../../src/policy/bundle/bundle.ts';
import type { Engine } from '../../src/policy/engine.ts';
import { readRego } from '../../src/policy/rego-files.ts';
import { compileRego } from '../../src/policy/rego.ts';
import { openPool } from '../../src/policy/threads/pool.ts';
import type { ThreadPolicy } from '../../src/policy/threads/task.ts';
import { hostPolicy } from '../../src/policy/wasm/host.ts';
import { readRecorded } from '../../src/policy/recorded.ts';

const POLICIES = join(import.meta.dirname, '../../../policies');
const ENTRYPOINT = 'stoa/authz/decision';
const BOUNDS = { threads: 1, queueMax: 16, timeoutMs: 10_000, memoryMaxBytes: 67_108_864 };
const US_PER_MS = 1000;

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, bundle: { type: 'string' } },
});

const { input } = readRecorded(
  JSON.stringify({
    input: {
      route: { name: 'orders' },
      consumer: { name: 'ann' },
      tenant: 'acme',
      claims: { scope: 'orders:read profile' },
    },
  }),
  1,
);

async function rulesOf(bundle: string | undefined): Promise<ThreadPolicy['rules'][]> {
  const [files, data] = [[join(POLICIES, 'authz.rego')], [join(POLICIES, 'data.json')]];
  const { memoryMaxBytes, timeoutMs } = BOUNDS;
  const rego = { ...(await readRego({ files, data })), entrypoint: ENTRYPOINT, timeoutMs };
  if (bundle === undefined) return [{ kind: 'rego', ...rego }];
  const wasm = { ...(await readBundleFile(bundle)), entrypoint: ENTRYPOINT, memoryMaxBytes };
  return [
    { kind: 'wasm', ...wasm },
    { kind: 'rego', ...rego },
  ];
}

const bench = new Bench({ time: Number(options.seconds) * 1000, warmupTime: 500 });
const pools: Engine[] = [];
for (const rules of await rulesOf(options.bundle)) {
  const inline = rules.kind === 'wasm' ? hostPolicy(rules) : compileRego(rules);
  const pool = await openPool(rules, BOUNDS);
  pools.push(pool);
  bench.add(`${rules.kind}, inline`, () => {
    const answer: unknown = JSON.parse(inline.evaluate(JSON.stringify(input)));
    return answer;
  });
  bench.add(`${rules.kind}, pooled`, async () => pool.ask(JSON.stringify(input)));
}
await bench.run();
for (const { name, result } of bench.tasks) {
  const latency = 'latency' in result ? result.latency : null;
  const [p50, p99] = [latency?.p50 ?? Number.NaN, latency?.p99 ?? Number.NaN];
  console.log(
    `${name.padEnd(16)} p50 ${(p50 * US_PER_MS).toFixed(1)} µs   p99 ${(p99 * US_PER_MS).toFixed(1)} µs`,
  );
}
await Promise.all(pools.map((pool) => pool.close()));
