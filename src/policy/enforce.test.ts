/** What becomes of a request: closed on failure, open only where that was chosen. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { type PolicyDecision, plainDecision } from './decision.ts';
import { type Enforcement, enforce, enforcementOf } from './enforce.ts';
import { type FailureWhy, failed } from './engine.ts';

const CLOSED: Enforcement = { onFailure: 'deny', dryRun: false, obligations: new Set(['redact']) };
const OPEN: Enforcement = { ...CLOSED, onFailure: 'allow' };
const DRY: Enforcement = { ...CLOSED, dryRun: true };

function decided(changes: Partial<PolicyDecision>): {
  kind: 'decided';
  decision: PolicyDecision;
} {
  return { kind: 'decided', decision: { ...plainDecision(true), ...changes } };
}

describe('a failure', () => {
  const whys: readonly FailureWhy[] = ['error', 'timeout', 'queue_full', 'unavailable'];
  for (const why of whys) {
    it(`${why} denies`, () => {
      const { admit, effect, decision } = enforce(failed(why, 'x'), CLOSED);
      assert.deepEqual(
        { admit, effect, allow: decision.allow },
        {
          admit: false,
          effect: 'failed_closed',
          allow: false,
        },
      );
    });

    it(`${why} admits where that was chosen, and says so`, () => {
      const { admit, effect, failure } = enforce(failed(why, 'x'), OPEN);
      assert.deepEqual(
        { admit, effect, why: failure?.why },
        { admit: true, effect: 'failed_open', why },
      );
    });
  }
});

describe('a decision', () => {
  it('is carried out as it is', () => {
    const evaluation = decided({ upstreamHeaders: { 'x-a': 'b' } });
    const verdict = enforce(evaluation, CLOSED);
    assert.equal(verdict.effect, 'allowed');
    assert.equal(verdict.decision, evaluation.decision);
  });

  it('that denies is never opened by onFailure', () => {
    assert.equal(enforce(decided({ allow: false }), OPEN).admit, false);
  });

  it('with an obligation that is known is carried out', () => {
    assert.equal(enforce(decided({ obligations: { redact: {} } }), CLOSED).admit, true);
  });

  it('with an obligation that nobody knows is a failure', () => {
    const verdict = enforce(decided({ obligations: { shred: {} } }), CLOSED);
    assert.equal(verdict.effect, 'failed_closed');
    assert.match(verdict.failure?.detail ?? '', /"shred" cannot be met/);
  });
});

describe('a dry run', () => {
  it('admits whoever would be denied, and says so', () => {
    const { admit, effect, said } = enforce(decided({ allow: false, reason: 'r' }), DRY);
    assert.deepEqual(
      { admit, effect, reason: said?.reason },
      {
        admit: true,
        effect: 'would_deny',
        reason: 'r',
      },
    );
  });

  it('says what a failure would have done', () => {
    assert.equal(enforce(failed('timeout', 'x'), DRY).effect, 'would_deny');
    assert.equal(
      enforce(failed('timeout', 'x'), { ...DRY, onFailure: 'allow' }).effect,
      'failed_open',
    );
  });

  it('changes nothing of a request that is allowed', () => {
    const verdict = enforce(decided({ upstreamHeaders: { 'x-a': 'b' } }), DRY);
    assert.equal(verdict.effect, 'allowed');
    assert.deepEqual(verdict.decision.upstreamHeaders, {});
  });
});

it('a route’s word is above the policy’s', () => {
  const policy = { onFailure: 'deny', dryRun: true } as const;
  const route = { name: 'p', bodyMaxBytes: 0, onFailure: 'allow', dryRun: false } as const;
  const { onFailure, dryRun } = enforcementOf(policy, route);
  assert.deepEqual({ onFailure, dryRun }, { onFailure: 'allow', dryRun: false });
  const silent = enforcementOf(policy, { ...route, onFailure: null, dryRun: null });
  assert.deepEqual([silent.onFailure, silent.dryRun], ['deny', true]);
});
