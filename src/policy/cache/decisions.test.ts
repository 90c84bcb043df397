/** What is remembered of decisions, and for how long. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { type Evaluation, plainDecision } from '../decision.ts';
import { failed } from '../engine.ts';
import { Decisions } from './decisions.ts';

const BOUNDS = { ttlMs: 100, entriesMax: 3, bytesMax: 65_536 };
const NOW = { generation: 0, nowMs: 0 };
const ALLOWED: Evaluation = { kind: 'decided', decision: plainDecision(true) };
const DENIED: Evaluation = { kind: 'decided', decision: plainDecision(false) };

describe('decisions', () => {
  it('are found again by their key, until their time is over', () => {
    const decisions = new Decisions(BOUNDS);
    decisions.keep('a', ALLOWED, NOW);
    decisions.keep('b', DENIED, NOW);
    assert.equal(decisions.find('a', 99), ALLOWED);
    assert.equal(decisions.find('b', 99), DENIED);
    assert.equal(decisions.find('c', 99), null);
    assert.equal(decisions.find('a', 100), null);
    assert.equal(decisions.size.entries, 1);
  });

  it('are as old as the question was, not the answer', () => {
    const decisions = new Decisions(BOUNDS);
    decisions.keep('a', ALLOWED, { generation: 0, nowMs: 10 });
    assert.equal(decisions.find('a', 110), null);
  });

  it('that failed are never kept', () => {
    const decisions = new Decisions(BOUNDS);
    for (const why of ['error', 'timeout', 'queue_full', 'unavailable'] as const) {
      decisions.keep('a', failed(why, ''), NOW);
      assert.equal(decisions.find('a', 0), null);
    }
  });

  it('make room, first those that were not used for longest', () => {
    const decisions = new Decisions(BOUNDS);
    for (const key of ['a', 'b', 'c']) decisions.keep(key, ALLOWED, NOW);
    decisions.find('a', 1);
    decisions.keep('d', ALLOWED, NOW);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => decisions.find(key, 1) !== null),
      [true, false, true, true],
    );
  });

  it('that would fill too much are not kept', () => {
    const decisions = new Decisions(BOUNDS);
    decisions.keep('a'.repeat(2048), ALLOWED, NOW);
    assert.equal(decisions.size.entries, 0);
  });

  it('are forgotten with the rules that made them, also those that were still being made', () => {
    const decisions = new Decisions(BOUNDS);
    decisions.keep('a', ALLOWED, NOW);
    const { generation } = decisions;
    decisions.clear();
    decisions.keep('b', ALLOWED, { generation, nowMs: 0 });
    assert.deepEqual([decisions.find('a', 0), decisions.find('b', 0)], [null, null]);
    decisions.keep('c', ALLOWED, { generation: decisions.generation, nowMs: 0 });
    assert.equal(decisions.find('c', 0), ALLOWED);
  });

  it('take no more entries and bytes than they may, and give every byte back', () => {
    const step = fc.record({
      key: fc.string({ maxLength: 900 }),
      finds: fc.boolean(),
      nowMs: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const decisions = new Decisions({ ttlMs: 100, entriesMax: 40, bytesMax: 65_536 });
        for (const { key, finds, nowMs } of steps) {
          if (finds) decisions.find(key, nowMs);
          else decisions.keep(key, ALLOWED, { generation: 0, nowMs });
          const { entries, bytes } = decisions.size;
          assert.ok(entries <= 40 && bytes <= 65_536 && bytes >= entries * 256);
        }
        for (const { key } of steps) decisions.find(key, 10_000);
        assert.deepEqual(decisions.size, { entries: 0, bytes: 0 });
      }),
    );
  });
});
