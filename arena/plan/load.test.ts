import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

import { formatProblem } from '../../src/config/problem.ts';
import { coresOf, parsePlan, planSchemaText, loadPlan } from './load.ts';

/** From dist/arena/plan. */
const PROJECT = join(import.meta.dirname, '../../..');

const SMALL = 'version: 1\nname: small\ntargets: [nginx]\n';

function problemsOf(text: string): string[] {
  const loaded = parsePlan(text, 'plan.yaml');
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

describe('a plan', () => {
  it('needs a version, a name and targets only; all else has a safe default', () => {
    const loaded = parsePlan(SMALL, 'plan.yaml');
    assert.ok(loaded.ok);
    const { rounds, cores, warmUp, bodies, driver, schedule } = loaded.value;
    assert.deepEqual(
      { rounds, cores, warmUp, bodies, driver, schedule },
      {
        rounds: 4,
        cores: { target: '0', load: '1' },
        warmUp: { maxS: 10, flatWithin: 0.05 },
        bodies: [1024],
        driver: 'auto',
        schedule: { cron: '*/30 * * * *', retentionDays: 90, busyLoadMax: 0.5 },
      },
    );
    assert.equal(loaded.value.loads.length, 2);
  });

  // biome-ignore format: a table is read by column.
  const cases: readonly { readonly text: string; readonly told: string }[] = [
    { text: `${SMALL}round: 3\n`,
      told: 'plan.yaml:4:1: round: unknown key "round" (did you mean "rounds"?)' },
    { text: `${SMALL}tiers: [pass, ful]\n`,
      told: 'plan.yaml:4:15: tiers[1]: expected "pass", "key", "full", "jwt", "opa" or "routes" (did you mean "full"?)' },
    { text: `${SMALL}loads:\n  - capacity: { connection: 3 }\n`,
      told: 'plan.yaml:5:17: loads[0].capacity.connection: unknown key "connection" (did you mean "connections"?)' },
    { text: `${SMALL}rounds: 0\n`, told: 'plan.yaml:4:9: rounds: must be at least 1' },
    { text: `${SMALL}rounds: 100000\n`, told: 'plan.yaml:4:9: rounds: must be at most 1000' },
    { text: `${SMALL}bodies: [1, 1]\n`, told: 'plan.yaml:4:13: bodies[1]: stands here twice' },
    { text: `${SMALL}loads:\n  - rate: { perS: 5, capacityShare: 0.5 }\n  - capacity: {}\n`,
      told: 'plan.yaml:5:11: loads[0].rate: needs either "perS" or "capacityShare"' },
    { text: `${SMALL}loads:\n  - rate: { capacityShare: 0.5 }\n`,
      told: 'plan.yaml:5:28: loads[0].rate.capacityShare: needs a load of kind "capacity"' },
    { text: `${SMALL}loads:\n  - capacity: {}\n  - capacity: {}\n`,
      told: 'plan.yaml:6:5: loads[1]: one load of kind "capacity" at most' },
    { text: `${SMALL}cores: { target: 0-1, load: '1' }\n`,
      told: 'plan.yaml:4:8: cores: target and load share core 1' },
    { text: `${SMALL}tiers: [key]\nscenarios: [churn]\n`,
      told: 'plan.yaml:5:12: scenarios: need tier "pass", which is not in "tiers"' },
    { text: `${SMALL}tiers: [key]\nscores: [l0]\n`,
      told: 'plan.yaml:5:9: scores: need tier "pass", which is not in "tiers"' },
    { text: `${SMALL}schedule: { cron: every day }\n`,
      told: 'plan.yaml:4:19: schedule.cron: cron expression "every day" is not understood' },
    { text: 'version: 1\nname: [small\n', told: 'plan.yaml:3:1: not valid YAML' },
  ];
  for (const { text, told } of cases) {
    it(`is refused with its place: ${told}`, () => {
      assert.equal(problemsOf(text)[0]?.slice(0, told.length), told);
    });
  }

  it('is told all that is wrong with it at once', () => {
    assert.equal(problemsOf('version: 2\nname: Quick\ntargets: []\n').length, 3);
  });

  it('that is not there is a problem, not an exception', () => {
    const loaded = loadPlan('/nowhere/plan.yaml');
    assert.match(loaded.ok ? '' : (loaded.problems[0]?.message ?? ''), /cannot be read/);
  });
});

describe('cores', () => {
  it('are understood as taskset understands them', () => {
    assert.deepEqual(coresOf('0-2,5'), [0, 1, 2, 5]);
  });
});

describe('the shipped plans', () => {
  const folder = join(PROJECT, 'arena/plans');
  for (const name of readdirSync(folder)) {
    it(`${name} is valid, and is called what its file is called`, () => {
      const loaded = loadPlan(join(folder, name));
      assert.deepEqual(loaded.ok ? [] : loaded.problems, []);
      assert.equal(loaded.ok && `${loaded.value.name}.yaml`, name);
    });
  }
});

describe('schema/arena-plan.json', () => {
  it('is up to date (UPDATE=1 writes it)', () => {
    const file = join(PROJECT, 'schema/arena-plan.json');
    if (process.env['UPDATE'] === '1') {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, planSchemaText());
    }
    assert.equal(readFileSync(file, 'utf8'), planSchemaText());
  });
});
