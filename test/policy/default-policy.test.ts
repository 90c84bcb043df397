/**
 * The policy for tenants and scopes in `policies/`: its own tests, and its recorded inputs on every engine.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { openPolicies } from '../../src/policy/policies.ts';
import { differences, readRecorded } from '../../src/policy/recorded.ts';
import { buildBundle, opa, opaMissing, startOpa } from '../support/opa.ts';
import { policyModel } from '../support/policies.ts';

const POLICIES = join(import.meta.dirname, '../../../policies');
const RULES = join(POLICIES, 'authz.rego');
const DATA = join(POLICIES, 'data.json');
const RECORDED = readFileSync(join(POLICIES, 'recorded.jsonl'), 'utf8').trim().split('\n');

/** What is not as expected, of every recorded input. */
async function wrong(source: Readonly<Record<string, unknown>>): Promise<string[]> {
  const policies = await openPolicies(policyModel({ authz: { source, timeoutMs: 10_000 } }));
  try {
    const told = RECORDED.map(async (line, index) => {
      const { name, input, expect } = readRecorded(line, index + 1);
      const evaluation = await policies.evaluate('authz', input);
      return differences(evaluation, expect).map((difference) => `${name}: ${difference}`);
    });
    return (await Promise.all(told)).flat();
  } finally {
    await policies.close();
  }
}

describe('the default policy', () => {
  it('passes its own tests, which reach every line', { skip: opaMissing }, () => {
    assert.match(opa('test', RULES, join(POLICIES, 'authz_test.rego')), /^PASS: \d+\/\d+/m);
    opa('test', '--coverage', '--threshold', '100', RULES, join(POLICIES, 'authz_test.rego'));
  });

  it('is formatted', { skip: opaMissing }, () => {
    assert.equal(opa('fmt', '--list', POLICIES), '');
  });

  it('decides as recorded in the embedded interpreter', async () => {
    assert.deepEqual(await wrong({ rego: { files: [RULES], data: [DATA] } }), []);
  });

  it('decides as recorded in WebAssembly', { skip: opaMissing }, async () => {
    const file = buildBundle([RULES, DATA], ['stoa/authz/decision']);
    assert.deepEqual(await wrong({ file }), []);
  });

  it('decides as recorded in a running OPA', { skip: opaMissing }, async () => {
    const server = await startOpa([RULES, DATA]);
    try {
      assert.deepEqual(await wrong({ opa: { url: server.url } }), []);
    } finally {
      await server.stop();
    }
  });
});
