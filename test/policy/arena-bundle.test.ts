/**
 * The bundle that the arena plays the tier with a policy with: made of the Rego beside it, and right.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { openPolicies } from '../../src/policy/policies.ts';
import { opaIn, opaMissing } from '../support/opa.ts';
import { policyInput, policyModel } from '../support/policies.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const TARGET = join(PROJECT, 'arena/targets/stoa');
const BUNDLE = join(TARGET, 'arena.tar.gz');
const ENTRYPOINT = 'arena/allow';

const folder = mkdtempSync(join(tmpdir(), 'stoa-arena-bundle-'));
after(() => rmSync(folder, { recursive: true }));

/** Another version may compile the same rules to other bytes. */
function otherOpa(): string | false {
  if (opaMissing !== false) return opaMissing;
  const modules = readFileSync(join(PROJECT, 'scripts/opa/go.mod'), 'utf8');
  const [, wanted = ''] = /open-policy-agent\/opa v(\S+)/.exec(modules) ?? [];
  const [, here = ''] = /Version: (\S+)/.exec(opaIn(folder, 'version')) ?? [];
  return here !== wanted && `the bundle was made by OPA ${wanted}, and this is ${here}`;
}

describe("the bundle of the arena's targets", () => {
  it('is what OPA makes of the Rego beside it', { skip: otherOpa() }, () => {
    const built = join(folder, 'arena.tar.gz');
    opaIn(TARGET, 'build', '-t', 'wasm', '-e', ENTRYPOINT, '-o', built, 'arena.rego');
    assert.ok(readFileSync(built).equals(readFileSync(BUNDLE)), 'build it again');
  });

  it('decides inline, and forbids what the tier wants forbidden', async () => {
    const arena = { source: { file: BUNDLE }, entrypoint: ENTRYPOINT, evaluate: 'inline' };
    const policies = await openPolicies(policyModel({ arena }));
    try {
      for (const [path, allow] of [
        ['/api/bytes/138', true],
        ['/api/forbidden/bytes/0', false],
        ['/limited/bytes/0', true],
      ] as const) {
        const evaluation = await policies.evaluate('arena', policyInput({ request: { path } }));
        assert.deepEqual(evaluation.kind === 'decided' && evaluation.decision.allow, allow, path);
      }
      const counts = policies.counts().get('arena');
      assert.deepEqual([counts?.asked, counts?.inline], [3, 3]);
    } finally {
      await policies.close();
    }
  });
});
