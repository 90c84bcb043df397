/**
 * A policy in the asking thread: it comes and goes as it costs, and what it can't answer soon the pool
 * answers.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { readBundleFile } from '../../src/policy/bundle/bundle.ts';
import { failed } from '../../src/policy/engine.ts';
import { openInlineOrPooled } from '../../src/policy/inline/engine.ts';
import { SAMPLES } from '../../src/policy/inline/placement.ts';
import { INLINE_FUEL } from '../../src/policy/local.ts';
import { openPolicies, type Policies } from '../../src/policy/policies.ts';
import { openPool } from '../../src/policy/threads/pool.ts';
import { hostPolicy } from '../../src/policy/wasm/host.ts';
import { buildBundle, opaMissing } from '../support/opa.ts';
import { policyInput, policyModel } from '../support/policies.ts';

const RULES = join(import.meta.dirname, '../../../test/policy/hostile/hostile.rego');
const ENTRYPOINT = 'hostile/decision';
const AMPLE_BYTES = 2_147_483_648;
const PLAIN = { asked: 0, inline: 0, fellBack: 0, cacheHits: 0, cacheMisses: 0 };
const ALLOW = { kind: 'value', value: true };

const bundle = opaMissing === false ? buildBundle([RULES], [ENTRYPOINT]) : '';

const folder = mkdtempSync(join(tmpdir(), 'stoa-inline-'));
after(() => rmSync(folder, { recursive: true }));

function bundleWithData(bytes: number): string {
  const file = join(folder, 'data.json');
  writeFileSync(file, JSON.stringify({ text: 'x'.repeat(bytes) }));
  return buildBundle([RULES, file], [ENTRYPOINT]);
}

function at(path: string): ReturnType<typeof policyInput> {
  return policyInput({ request: { path } });
}

async function withPolicies(
  settings: Readonly<Record<string, unknown>>,
  work: (policies: Policies) => Promise<void>,
): Promise<void> {
  const policy = { entrypoint: ENTRYPOINT, memoryMaxBytes: AMPLE_BYTES, timeoutMs: 2000 };
  const policies = await openPolicies(policyModel({ authz: { ...policy, ...settings } }));
  try {
    await work(policies);
  } finally {
    await policies.close();
  }
}

async function outcome(policies: Policies, input = at('/good')): Promise<string | boolean> {
  const evaluation = await policies.evaluate('authz', input);
  return evaluation.kind === 'failed' ? evaluation.why : evaluation.decision.allow;
}

describe('a bundle in the asking thread', { skip: opaMissing }, () => {
  const inline = { source: { file: bundle }, evaluate: 'inline' };

  it('is asked of the pool once it can give no answer soon', () =>
    withPolicies(inline, async (policies) => {
      assert.equal(await outcome(policies), true);
      assert.equal(await outcome(policies, at('/endless')), 'timeout');
      assert.deepEqual(policies.counts().get('authz'), {
        ...PLAIN,
        asked: 2,
        inline: 1,
        fellBack: 1,
      });
    }));

  it('that wants more memory than it may have is an error, and the next is evaluated', () =>
    withPolicies({ ...inline, memoryMaxBytes: 16_777_216, timeoutMs: 20_000 }, async (policies) => {
      assert.equal(await outcome(policies, at('/greedy')), 'error');
      assert.equal(await outcome(policies), true);
      assert.deepEqual(policies.counts().get('authz'), { ...PLAIN, asked: 2, fellBack: 1 });
    }));

  it('pays for what the gateway does for it, and is asked of the pool when it is too much', () =>
    withPolicies(inline, async (policies) => {
      assert.equal(await outcome(policies, at('/calls')), true);
      assert.deepEqual(policies.counts().get('authz'), { ...PLAIN, asked: 1, fellBack: 1 });
    }));

  it('has a large input read by the pool', () =>
    withPolicies(inline, async (policies) => {
      const large = policyInput({
        request: { path: '/good', headers: { 'x-large': 'x'.repeat(20_000) } },
      });
      assert.equal(await outcome(policies, large), true);
      assert.deepEqual(policies.counts().get('authz'), { ...PLAIN, asked: 1 });
    }));

  it('is asked of the pool where the configuration says so', () =>
    withPolicies({ ...inline, evaluate: 'pooled' }, async (policies) => {
      assert.equal(await outcome(policies), true);
      assert.deepEqual(policies.counts().get('authz'), { ...PLAIN, asked: 1 });
    }));

  it('is not here with more data than may be read again', () =>
    withPolicies(
      { ...inline, source: { file: bundleWithData(300_000) }, timeoutMs: 5000 },
      async (policies) => {
        assert.equal(await outcome(policies), true);
        assert.deepEqual(policies.counts().get('authz'), { ...PLAIN, asked: 1 });
      },
    ));
});

function ignore(): void {}

describe('by auto', { skip: opaMissing }, () => {
  it('a bundle is in the pool until its cost is known, then here, then in the pool again', async () => {
    const { module, isMetered, data } = await readBundleFile(bundle, true);
    assert.ok(isMetered);
    const rules = { module, data, entrypoint: ENTRYPOINT, memoryMaxBytes: AMPLE_BYTES };
    const bounds = { threads: 1, queueMax: 4, timeoutMs: 500, memoryMaxBytes: AMPLE_BYTES };
    const counts = { inline: 0, fellBack: 0 };
    let tell: (costUs: number) => void = ignore;
    const engine = await openInlineOrPooled({
      evaluate: 'auto',
      openEvaluator: () => hostPolicy(rules, INLINE_FUEL),
      openPool: (measured) => {
        tell = measured;
        return openPool({ kind: 'wasm', ...rules }, bounds);
      },
      counts,
    });
    const ask = (path: string): ReturnType<typeof engine.ask> =>
      engine.ask(JSON.stringify(at(path)));

    assert.deepEqual(await ask('/good'), ALLOW);
    assert.deepEqual(counts, { inline: 0, fellBack: 0 });
    for (let told = 0; told < SAMPLES; told += 1) tell(5);
    assert.deepEqual(await ask('/good'), ALLOW);
    assert.deepEqual(counts, { inline: 1, fellBack: 0 });
    const endless = await ask('/endless');
    assert.equal(endless.kind === 'failed' && endless.why, 'timeout');
    assert.deepEqual(counts, { inline: 1, fellBack: 1 });
    assert.deepEqual(await ask('/good'), ALLOW);
    assert.deepEqual(counts, { inline: 1, fellBack: 1 });
    await engine.close();
    assert.deepEqual(await ask('/good'), failed('unavailable', 'the policy is closed'));
  });

  it('the interpreter stays in the pool, whatever it costs', () =>
    withPolicies({ source: { rego: { files: [RULES] } }, timeoutMs: 5000 }, async (policies) => {
      const asked = Array.from({ length: 2 * SAMPLES }, () => outcome(policies));
      assert.deepEqual([...new Set(await Promise.all(asked))], [true]);
      assert.equal(policies.counts().get('authz')?.inline, 0);
    }));
});
