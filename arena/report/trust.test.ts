import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ResultRecord } from '../results/records.ts';
import { fixture } from './fixture.ts';
import { FIXTURE_PLAN } from './fixture-plan.ts';
import { reportOf } from './model.ts';

const PLAN = {
  ...FIXTURE_PLAN,
  tiers: ['pass', 'key'],
  bodies: [0],
  flawEvery: 0,
  scenarios: false,
} as const;
const RECORDS = fixture(PLAN);

/** What is said of the item whose name has `part` in it. */
function metOf(records: readonly ResultRecord[], part: string): string | undefined {
  return reportOf(records).checklist.find(({ name }) => name.includes(part))?.met;
}

function without(kind: string): ResultRecord[] {
  return RECORDS.filter((one) => one.kind !== kind);
}

type Change = (record: ResultRecord) => ResultRecord;

const ofRun =
  (changed: object): Change =>
  (record) =>
    record.kind === 'run' ? { ...record, ...changed } : record;

describe('the checklist', () => {
  it('has nothing to say against a run that does everything, but for the upstream’s headroom', () => {
    const unmet = reportOf(RECORDS).checklist.filter(({ met }) => met !== 'yes');
    assert.deepEqual(
      unmet.map(({ name }) => name.slice(0, 17)),
      ['Without a gateway'],
    );
  });

  const cases: readonly [string, string, string, Change][] = [
    [
      'a driver that waits',
      'open loop',
      'no',
      ofRun({ driver: { name: 'autocannon', version: '9' } }),
    ],
    [
      'local changes',
      'local changes',
      'no',
      ofRun({ source: { commit: 'a'.repeat(40), dirty: true } }),
    ],
    [
      'a host that took time',
      'The host took',
      'no',
      (one) =>
        one.kind === 'block' ? { ...one, machine: { ...one.machine, stolenShare: 0.06 } } : one,
    ],
    [
      'requests sent late',
      'generator kept up',
      'no',
      (one) =>
        one.kind === 'block' && one.target === 'nginx'
          ? { ...one, generator: { ...one.generator, lagP99Us: 900 } }
          : one,
    ],
    [
      'a lag that nobody saw',
      'generator kept up',
      'unknown',
      (one) =>
        one.kind === 'block' ? { ...one, generator: { ...one.generator, lagP99Us: null } } : one,
    ],
    [
      'a cost that nobody saw',
      'CPU per request',
      'no',
      (one) =>
        one.kind === 'block' && one.target === 'caddy' ? { ...one, cpuUsPerRequest: null } : one,
    ],
    [
      'a run that ended early',
      'came to its end',
      'no',
      (one) => (one.kind === 'end' ? { ...one, complete: false, why: 'SIGINT' } : one),
    ],
  ];
  for (const [what, part, met, change] of cases) {
    it(`tells ${what}`, () => assert.equal(metOf(RECORDS.map(change), part), met));
  }

  it('tells jobs without a probe, or without a configuration', () => {
    assert.equal(metOf(without('probe'), 'not first seen'), 'no');
    assert.equal(metOf(without('config'), 'configuration'), 'no');
  });

  it('tells an order that is always the same, and too few rounds', () => {
    const sorted = RECORDS.toSorted((one, other) =>
      one.kind === 'block' && other.kind === 'block'
        ? one.round - other.round || (one.target < other.target ? -1 : 1)
        : 0,
    );
    assert.equal(metOf(sorted, 'order of targets'), 'no');
    assert.equal(metOf(fixture({ ...PLAN, rounds: 9 }), 'at least 10 rounds'), 'no');
  });
});
