import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { at, documents, ROOT, read } from './deploy.fixture.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
}

function scriptOf({ run = '' }: Step): string {
  return run;
}

describe('the workflow', () => {
  const file = '.github/workflows/arena.yaml';
  const [workflow] = documents(file);
  const steps = at(workflow, 'jobs.arena.steps') as readonly Step[];

  it('runs on a schedule and by hand, with no more rights than to read', () => {
    assert.deepEqual(Object.keys(at(workflow, 'on') as object), ['schedule', 'workflow_dispatch']);
    assert.deepEqual(at(workflow, 'permissions'), { contents: 'read' });
    assert.equal(at(workflow, 'concurrency.cancel-in-progress'), false);
    assert.equal(typeof at(workflow, 'jobs.arena.timeout-minutes'), 'number');
  });

  it('pins every action by its whole commit, with the version beside it', () => {
    const uses = read(file).match(/uses: .*/g) ?? [];
    assert.equal(uses.length, 3);
    for (const one of uses)
      assert.match(one, /^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('puts nothing of an input into the text of a script', () => {
    for (const step of steps) assert.ok(!scriptOf(step).includes('${{'));
  });

  it('keeps report and results, also of a run that failed', () => {
    const upload = steps.find((step) => step.uses?.includes('upload-artifact'));
    assert.equal(at(upload, 'with.path'), 'arena-results/');
    assert.equal(upload?.if, '${{ !cancelled() }}');
    assert.ok(steps.some((step) => scriptOf(step).includes('>> "$GITHUB_STEP_SUMMARY"')));
  });

  it('calls files that are there', () => {
    const text = steps.map(scriptOf).join('\n');
    const scripts = text.match(/^\s*arena\/\S+\.sh/gm) ?? [];
    assert.notEqual(scripts.length, 0);
    for (const script of scripts) assert.ok(existsSync(join(ROOT, script.trim())), script);
  });
});
