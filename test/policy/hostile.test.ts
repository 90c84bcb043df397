/**
 * A policy that loops, hoards or dies costs its own evaluation, and nobody else's.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { readBundleFile } from '../../src/policy/bundle/bundle.ts';
import type { Evaluation } from '../../src/policy/decision.ts';
import { failed } from '../../src/policy/engine.ts';
import { openPolicies, type Policies } from '../../src/policy/policies.ts';
import { openPool } from '../../src/policy/threads/pool.ts';
import { buildBundle, opaMissing } from '../support/opa.ts';
import { policyInput, policyModel } from '../support/policies.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const RULES = join(import.meta.dirname, '../../../test/policy/hostile/hostile.rego');
const ENTRYPOINT = 'hostile/decision';
const MEMORY_MAX_BYTES = 16_777_216;
/** A loop in WebAssembly hoards as well: with this, its time is over first. */
const AMPLE_BYTES = 2_147_483_648;

function at(path: string): ReturnType<typeof policyInput> {
  return policyInput({ request: { path } });
}

function outcomeOf(evaluation: Evaluation): string {
  if (evaluation.kind === 'failed') return evaluation.why;
  return evaluation.decision.allow ? 'allow' : 'deny';
}

function describeHostile(
  name: string,
  skip: string | false,
  settings: () => Record<string, unknown>,
): void {
  describe(name, { skip }, () => {
    let policies: Policies;
    const ask = async (policy: string, path: string): Promise<string> =>
      outcomeOf(await policies.evaluate(policy, at(path)));
    const recovered = (policy: string): Promise<true> =>
      until('the policy answers again', async () => (await ask(policy, '/good')) === 'allow');

    before(async () => {
      const common = {
        entrypoint: ENTRYPOINT,
        memoryMaxBytes: MEMORY_MAX_BYTES,
        evaluate: 'pooled',
        ...settings(),
      };
      policies = await openPolicies(
        policyModel({
          hasty: { ...common, memoryMaxBytes: AMPLE_BYTES, timeoutMs: 100, queueMax: 2 },
          patient: { ...common, timeoutMs: 20_000 },
        }),
      );
    });
    after(() => policies.close());

    it('ends an endless loop with its time, and evaluates the next', async () => {
      assert.equal(await ask('hasty', '/endless'), 'timeout');
      await recovered('hasty');
    });

    it('delays no other policy', async () => {
      const looping = ask('hasty', '/endless');
      assert.equal(await ask('patient', '/good'), 'allow');
      assert.equal(await looping, 'timeout');
      await recovered('hasty');
    });

    it('refuses at once when the queue is full', async () => {
      const asked = Array.from({ length: 12 }, () => ask('hasty', '/endless'));
      const outcomes = await Promise.all(asked);
      const refused = outcomes.filter((outcome) => outcome === 'queue_full').length;
      assert.ok(refused >= 8, `${refused} refused`);
      assert.ok(!outcomes.includes('allow'));
      await recovered('hasty');
    });

    it('takes a decision that is too long for an error', async () => {
      assert.equal(await ask('patient', '/verbose'), 'error');
    });
  });
}

const bundle = opaMissing === false ? buildBundle([RULES], [ENTRYPOINT]) : '';

const rego = { rego: { files: [RULES] } };

describeHostile('a bundle in threads', opaMissing, () => ({ source: { file: bundle } }));
describeHostile('the embedded interpreter', false, () => ({ source: rego }));
describeHostile('a bundle in the asking thread', opaMissing, () => ({
  source: { file: bundle },
  evaluate: 'inline',
}));
describeHostile('the embedded interpreter in the asking thread', false, () => ({
  source: rego,
  evaluate: 'inline',
}));

describe('a thread', { skip: opaMissing }, () => {
  type Pool = Awaited<ReturnType<typeof openPool>>;
  const ask = (pool: Pool, path: string): ReturnType<Pool['ask']> =>
    pool.ask(JSON.stringify(at(path)));

  async function withPool(
    memoryMaxBytes: number,
    work: (pool: Pool) => Promise<void>,
  ): Promise<void> {
    const { module, data } = await readBundleFile(bundle);
    const rules = { kind: 'wasm', module, data, entrypoint: ENTRYPOINT, memoryMaxBytes } as const;
    const bounds = { threads: 2, queueMax: 4, timeoutMs: 20_000, memoryMaxBytes };
    const pool = await openPool(rules, bounds);
    await work(pool);
    await pool.close();
  }

  it('has no more memory than the policy may have', () =>
    withPool(MEMORY_MAX_BYTES, async (pool) => {
      const answer = await ask(pool, '/greedy');
      assert.equal(answer.kind === 'failed' && answer.why, 'error');
      assert.deepEqual(await ask(pool, '/good'), { kind: 'value', value: true });
    }));

  it('finishes what it was asked before it ends, and takes no more', () =>
    withPool(MEMORY_MAX_BYTES, async (pool) => {
      const asked = Array.from({ length: 5 }, () => ask(pool, '/good'));
      const closed = pool.close();
      assert.deepEqual(await ask(pool, '/good'), failed('unavailable', 'the policy is closed'));
      await closed;
      for (const answer of await Promise.all(asked)) {
        assert.deepEqual(answer, { kind: 'value', value: true });
      }
    }));

  it('that crashes fails what it was at, and is replaced', () =>
    withPool(AMPLE_BYTES, async (pool) => {
      const underWay = ask(pool, '/endless');
      await sleep(50);
      assert.equal(await pool.crash(), 2);
      assert.deepEqual(await underWay, failed('error', 'its thread ended'));
      assert.deepEqual(await ask(pool, '/good'), { kind: 'value', value: true });
    }));
});

function open(policy: Record<string, unknown>): Promise<Policies> {
  return openPolicies(policyModel({ authz: policy }));
}

describe('loading', { skip: opaMissing }, () => {
  it('names an entrypoint that the bundle has not', async () => {
    await assert.rejects(
      open({ source: { file: bundle }, entrypoint: 'hostile/other' }),
      /policy "authz": no entrypoint hostile\/other: the bundle has hostile\/decision/,
    );
  });

  it('names a built-in function that is not to be had', async () => {
    const rules = join(import.meta.dirname, '../../../test/policy/hostile/reaches-out.rego');
    await assert.rejects(
      open({
        source: { file: buildBundle([rules], ['outside/decision']) },
        entrypoint: 'outside/decision',
      }),
      /the policy calls http\.send, which is not to be had in WebAssembly/,
    );
  });

  it('says where a Rego file is wrong', async () => {
    await assert.rejects(
      open({ source: { rego: { files: [join(RULES, '../../rules/data.json')] } } }),
      /policy "authz": .*data\.json:1/s,
    );
  });
});
