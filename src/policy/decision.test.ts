/** What an answer means, and that no answer at all lets anybody in. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { type Evaluation, evaluationOf, plainDecision } from './decision.ts';
import { failed } from './engine.ts';

function evaluated(value: unknown): Evaluation {
  return evaluationOf({ kind: 'value', value });
}

function faultOf(value: unknown): string {
  const evaluation = evaluated(value);
  return evaluation.kind === 'failed' && evaluation.why === 'error' ? evaluation.detail : 'decided';
}

describe('an answer', () => {
  it('that is undefined denies', () => {
    const decision = plainDecision(false, 'undefined');
    assert.deepEqual(evaluationOf({ kind: 'undefined' }), { kind: 'decided', decision });
  });

  it('that failed stays a failure', () => {
    const failure = failed('timeout', 'slow');
    assert.equal(evaluationOf(failure), failure);
  });

  it('gives headers with their names in lower case, and null to take one off', () => {
    const answer = evaluated({ allow: true, headers: { upstream: { 'X-A': 'b', 'X-C': null } } });
    assert.deepEqual(answer.kind === 'decided' && answer.decision.upstreamHeaders, {
      'x-a': 'b',
      'x-c': null,
    });
  });

  it('that allows has no status', () => {
    const answer = evaluated({ allow: true, status: 402 });
    assert.equal(answer.kind === 'decided' && answer.decision.status, null);
  });

  // biome-ignore format: a table is read by column.
  const faults: readonly (readonly [string, unknown])[] = [
    ['the answer is not an object', 'yes'],
    ['the answer is not an object', [true]],
    ['the answer is not an object', null],
    ['allow is not true or false', {}],
    ['allow is not true or false', { allow: 'true' }],
    ['allow is not true or false', { allow: 1 }],
    ['unknown member "alow"', { allow: true, alow: false }],
    ['status is not a number from 400 to 499', { allow: false, status: 200 }],
    ['status is not a number from 400 to 499', { allow: false, status: 403.5 }],
    ['reason is not text', { allow: false, reason: {} }],
    ['headers is not an object', { allow: true, headers: ['x'] }],
    ['headers has upstream and downstream only', { allow: true, headers: { up: {} } }],
    ['obligations is not an object', { allow: true, obligations: [1] }],
    [`headers.upstream can't set "Content-Length"`, { allow: true, headers: { upstream: { 'Content-Length': '1' } } }],
    [`headers.upstream can't set "a b"`, { allow: true, headers: { upstream: { 'a b': '1' } } }],
    ['headers.downstream has "x" twice', { allow: true, headers: { downstream: { x: '1', X: '2' } } }],
    [`headers.upstream: the value of "x" is not a header's`, { allow: true, headers: { upstream: { x: 'a\r\nb: c' } } }],
    [`headers.upstream: the value of "x" is not a header's`, { allow: true, headers: { upstream: { x: 7 } } }],
  ];
  for (const [says, value] of faults) {
    it(`${JSON.stringify(value)}: ${says}`, () => {
      assert.equal(faultOf(value), `not a decision: ${says}`);
    });
  }
});

it('nothing is allowed but true, or an object that says so', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const evaluation = evaluated(value);
      const allowed = evaluation.kind === 'decided' && evaluation.decision.allow;
      const says =
        typeof value === 'object' && value !== null && 'allow' in value && value['allow'];
      assert.equal(allowed && value !== true && says !== true, false);
    }),
  );
});

it('no header can end its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const evaluation = evaluated({ allow: true, headers: { downstream: { x: text } } });
      const plain = /^[\t\x20-\x7e]*$/.test(text);
      assert.ok(evaluation.kind === 'failed' || plain);
    }),
  );
});
