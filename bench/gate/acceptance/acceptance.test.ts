/** By what the gate is accepted, and the page about it. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { treeOf } from '../../../arena/host/process-tree.ts';
import { isAlive } from '../../../arena/host/processes.ts';
import { until } from '../../../arena/host/wait.ts';
import type { Outcome } from '../decision/verdict.ts';
import { snapshotOf, git } from '../builds/git.ts';
import { PROJECT } from '../place.ts';
import { startHog } from './hog.ts';
import { KIND_PLANS } from './kinds.ts';
import { acceptancePage } from './page.ts';
import type { RunLine } from './record.ts';
import { spinOf } from './runs.ts';
import { withSpin } from './spin.ts';

const results = (...outcomes: Outcome[]) =>
  outcomes.map((outcome) => ({ outcome, improvement: false }));
const often = (count: number, outcome: Outcome) =>
  results(...Array.from({ length: count }, () => outcome));

describe('the bars of the acceptance', () => {
  it('allow one red of base against itself', () => {
    const { holds } = KIND_PLANS.same;
    assert.ok(holds([...often(29, 'pass'), ...results('regress')]));
    assert.ok(!holds(results('regress', 'pass', 'regress')));
    assert.ok(!holds(results('regress', 'regress')));
  });

  it('ask for red of +5 % in 19 of 20, and allow one of +1 %', () => {
    const { holds } = KIND_PLANS['slower-5'];
    assert.ok(holds([...often(19, 'regress'), ...results('inconclusive')]));
    assert.ok(!holds([...often(18, 'regress'), ...results('inconclusive', 'pass')]));
    assert.ok(KIND_PLANS['slower-1'].holds([...often(19, 'pass'), ...results('regress')]));
    assert.ok(!KIND_PLANS['slower-1'].holds(results('regress', 'pass', 'regress')));
  });

  it('never allow red under a hog, nor that it goes unnoticed', () => {
    const { holds } = KIND_PLANS.hog;
    assert.ok(holds(results('void', 'inconclusive')));
    assert.ok(!holds(results('void', 'regress')));
    assert.ok(!holds(results('pass')));
  });
});

describe('busy work', () => {
  it('is as much as the effect asks for, on the side that is to be slower', () => {
    assert.deepEqual(spinOf(0.05, 0.0001), { base: 0, head: 500 });
    assert.deepEqual(spinOf(0, 0.0001), { base: 0, head: 0 });
    // Base costs 1 / 0.9 of head: head is 10 % less than base.
    assert.deepEqual(spinOf(-0.1, 0.0001), { base: 1111, head: 0 });
  });

  it('is put into the product as it is now by a patch', () => {
    const now = snapshotOf(PROJECT);
    const busy = withSpin(PROJECT, now, 1234);
    const changed = git(PROJECT, ['diff', '--stat', now, busy]);
    assert.match(changed, /native\/core\/src\/decide\/mod\.rs \| 3 \+\+\+/);
    assert.match(git(PROJECT, ['diff', now, busy]), /^\+ {4}for repetition in 0\.\.1234_u32 \{$/m);
    assert.equal(withSpin(PROJECT, now, 0), now);
  });
});

function run(kind: RunLine['kind'], outcome: Outcome): RunLine {
  return {
    kind,
    at: '2026-11-21T12:00:00.000Z',
    commit: 'c'.repeat(40),
    fingerprint: 'f'.repeat(64),
    seed: 7,
    seconds: 90,
    spin: { base: 0, head: 0 },
    outcome,
    improvement: false,
    firstOutcome: outcome,
    rounds: 16,
    reasons: ['so'],
    estimates: { 'full cpuUsPerRequest': 0.051 },
  };
}

describe('the hog', () => {
  it('is a stranger to the gate, and ends when it is told to', async () => {
    const hog = startHog();
    try {
      await until('it has left its parent', () => !treeOf(process.pid).includes(hog.pid));
      assert.ok(isAlive(hog.pid));
    } finally {
      hog.stop();
    }
    await until('it has ended', () => !isAlive(hog.pid));
  });
});

describe('the page of the acceptance', () => {
  it('counts the runs of each kind and says whether its bar is met', () => {
    const page = acceptancePage([run('slower-5', 'regress'), run('hog', 'pass')]);
    assert.match(page, /^\| \+5 % busy work \| 1 \| 0 \| 1 \| 0 \| 0 \| 0 \| 1 \| .* \| yes \|$/m);
    assert.match(page, /^\| a busy process .* \| \*\*no\*\* \|$/m);
    assert.match(page, /^\| base against itself \| 0 .* \| not run \|$/m);
    assert.match(page, /^\| slower-5 \| 7 \| 16 \| regress \| \+5\.1 % \|  \|  \|$/m);
  });

  it('says that nothing was run where nothing was', () => {
    assert.match(acceptancePage([]), /Not run yet\./);
  });
});
