/** A paired run of this checkout against itself, in its shortest form. @module */

import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { it } from 'node:test';

import { startLoadStage } from '../../../arena/load/choose.ts';
import { assess } from '../assessment.ts';
import { PROJECT } from '../place.ts';
import { recordingOf } from '../recording.fixture.ts';
import { LOAD_CORE, SIDES } from '../side.ts';
import { runPaired } from './run.ts';

const ROUNDS = 2;
const skip = cpus().length < 2 ? 'two cores are needed: one for the gateways alone' : false;

it('a checkout is never slower than itself', { skip }, async () => {
  const build = { commit: 'this checkout', folder: PROJECT };
  const station = await startLoadStage({ driver: 'native', cores: LOAD_CORE });
  const told: string[] = [];
  try {
    const run = await runPaired(
      {
        station,
        base: build,
        head: build,
        scenarios: ['churn'],
        seed: 1,
        looks: [ROUNDS],
        only: null,
      },
      { now: (what) => told.push(what), round: () => {}, note: (what) => told.push(what) },
    );
    const { outcome, exitCode } = assess(recordingOf([run]));
    assert.notEqual(outcome, 'regress');
    assert.ok([75, 78].includes(exitCode), `two rounds prove nothing, but: ${outcome}`);

    assert.equal(run.rounds.length, ROUNDS);
    for (const { a, b, a2, scenario } of run.rounds) {
      const turns = new Set([a, b, a2].map(({ turn }) => turn));
      assert.equal(turns.size, SIDES.length);
      for (const { metrics, guards, load } of [a, b, a2]) {
        assert.equal(guards.unexpected, 0, `${scenario}: ${JSON.stringify(load.errors)}`);
        assert.ok(metrics.cpuUsPerRequest > 0 && metrics.p50 > 0 && metrics.p99 >= metrics.p50);
      }
    }
    assert.ok(told.some((line) => line.startsWith('starting base')));
  } finally {
    await station.stop();
  }
});
