/**
 * What the Arena promises of its reports, whatever was measured.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { ResultRecord } from '../results/records.ts';
import { fixture } from './fixture.ts';
import { FIXTURE_TARGETS, type FixturePlan, SMALL_PLAN } from './fixture-plan.ts';
import { htmlReport } from './html/page.ts';
import { jsonReport } from './json.ts';
import { markdownReport } from './markdown.ts';
import { type Report, reportOf } from './model.ts';
import { isMeasured, type Measured, type Table, type Unmeasured } from './table-model.ts';
import { printTables } from './terminal.ts';

const SCREEN = { color: false, width: 160 } as const;

const FORMS = {
  terminal: (records: readonly ResultRecord[]) => printTables(records, SCREEN),
  markdown: (records: readonly ResultRecord[]) => markdownReport(records),
  html: (records: readonly ResultRecord[]) => htmlReport(records),
  json: (records: readonly ResultRecord[]) => jsonReport(records),
} as const;

const tablesOf = (report: Report): Table[] => report.tiers.flatMap(({ tables }) => tables);

function rowOf(table: Table | undefined, name: string): Measured | Unmeasured {
  const row = table?.rows.find(({ target }) => target.target === name);
  assert.ok(row, `no row of ${name}`);
  return row;
}

function measuredRow(table: Table | undefined, name: string): Measured {
  const row = rowOf(table, name);
  assert.ok(isMeasured(row), `${name} is not measured`);
  return row;
}

/** The records with two targets' names put in each other's place. */
function swapped(records: readonly ResultRecord[], one: string, other: string): ResultRecord[] {
  const renamed = (name: string): string => (name === one ? other : name === other ? one : name);
  return records.map((record) =>
    'target' in record ? { ...record, target: renamed(record.target) } : record,
  );
}

/** The records with a copy of one target, its cost multiplied. */
function withCopy(plan: FixturePlan, name: string, factor: number): ResultRecord[] {
  return fixture(plan).flatMap((record): ResultRecord[] => {
    if (!('target' in record) || record.target !== name) return [record];
    const copy = { ...record, target: `${name}-copy` };
    if (copy.kind !== 'block' || copy.cpuUsPerRequest === null) return [record, copy];
    return [record, { ...copy, cpuUsPerRequest: copy.cpuUsPerRequest * factor }];
  });
}

describe('a report', () => {
  const records = fixture(SMALL_PLAN);

  it('is made from records as a run writes them', () => {
    for (const record of records) ResultRecord.parse(JSON.parse(JSON.stringify(record)));
  });

  for (const [name, form] of Object.entries(FORMS)) {
    it(`is the same in ${name}, byte for byte, for the same records`, () => {
      assert.equal(form(records), form(fixture(SMALL_PLAN)));
    });

    it(`is another in ${name} for other records`, () => {
      assert.notEqual(form(records), form(fixture({ ...SMALL_PLAN, seed: 7 })));
    });
  }

  it('swaps results in every table when names are swapped', () => {
    const before = reportOf(records);
    const after = reportOf(swapped(records, 'haproxy', 'stoa'));
    for (const [at, table] of tablesOf(before).entries()) {
      const other = tablesOf(after)[at];
      for (const [one, two] of [
        ['haproxy', 'stoa'],
        ['stoa', 'haproxy'],
        ['nginx', 'nginx'],
      ] as const) {
        const { target: _, versus, rank, ...numbers } = measuredRow(table, one);
        const {
          target: __,
          versus: thatVersus,
          rank: thatRank,
          ...those
        } = measuredRow(other, two);
        assert.deepEqual(numbers, those);
        assert.deepEqual(versus?.ratio, thatVersus?.ratio);
        assert.equal(versus?.cheaper, thatVersus?.cheaper);
        assert.deepEqual([rank?.from, rank?.to], [thatRank?.from, thatRank?.to]);
      }
    }
  });

  it('ties two copies of the same series', () => {
    for (const table of tablesOf(reportOf(withCopy(SMALL_PLAN, 'nginx', 1)))) {
      const own = measuredRow(table, 'nginx').rank;
      const copy = measuredRow(table, 'nginx-copy');
      assert.ok(own);
      assert.ok(own.tiedWith.includes('nginx-copy'));
      assert.deepEqual([own.from, own.to], [copy.rank?.from, copy.rank?.to]);
      assert.equal(own.to, own.from + 1);
      assert.equal(copy.versus?.ratio.median, 1);
      assert.equal(copy.versus.cheaper, 0.5);
    }
  });

  it('ties two targets of the same cost, measured one after the other', () => {
    const nginx = FIXTURE_TARGETS.find(({ name }) => name === 'nginx');
    assert.ok(nginx);
    const targets = [nginx, { ...nginx, name: 'nginx-again', title: 'nginx again' }];
    const [table] = tablesOf(reportOf(fixture({ ...SMALL_PLAN, targets })));
    assert.deepEqual(measuredRow(table, 'nginx').rank?.tiedWith, ['nginx-again']);
  });

  it('ranks a slowed copy below', () => {
    for (const table of tablesOf(reportOf(withCopy(SMALL_PLAN, 'stoa', 1.05)))) {
      const [own, slowed] = ['stoa', 'stoa-copy'].map((name) => measuredRow(table, name));
      assert.equal(own?.rank?.to, 1);
      assert.equal(slowed?.rank?.from, 2);
      assert.ok((slowed?.cpuUs?.median ?? 0) > (own?.cpuUs?.median ?? Infinity));
    }
  });

  it('gives no number to a target that answers 404 fast', () => {
    const targets = FIXTURE_TARGETS.map((one) =>
      one.name === 'caddy' ? { ...one, latencyUs: 20, answers404: true } : one,
    );
    const wrong = fixture({ ...SMALL_PLAN, targets });
    const report = reportOf(wrong);
    assert.equal(report.targets.find(({ target }) => target === 'caddy')?.state, 'failed');
    for (const table of tablesOf(report)) {
      const row = rowOf(table, 'caddy');
      assert.equal(row.state, 'void');
      assert.match(isMeasured(row) ? '' : row.why, /status 404/);
      assert.ok(!table.pairs.some(({ target }) => target === 'caddy'));
    }
    const line = printTables(wrong, SCREEN)
      .split('\n')
      .find((text) => /Caddy .*failed: no round/.test(text));
    assert.match(line ?? '', /failed: no round counts: \d+ answers with status 404/);
  });

  it('shows a missing result as a failure, not as a zero', () => {
    const missing = records.filter((one) => one.kind !== 'block' || one.target !== 'envoy');
    for (const table of tablesOf(reportOf(missing))) {
      const row = rowOf(table, 'envoy');
      assert.equal(row.state, 'missing');
      assert.match(isMeasured(row) ? '' : row.why, /counts as a failure/);
      assert.equal(table.rows.at(-1)?.state === 'measured', false);
    }
  });

  it('tells why a target is unavailable, and gives it no number', () => {
    const text = printTables(records, SCREEN);
    assert.match(text, /Kong Gateway .*unavailable: no container engine answers/);
    for (const table of tablesOf(reportOf(records))) {
      assert.equal(rowOf(table, 'kong').state, 'unavailable');
    }
  });

  it('says not offered, and not failed, of who does none of the jobs that were run', () => {
    const others = fixture({ ...SMALL_PLAN, tiers: ['opa'], rounds: 2, scenarios: false });
    const report = reportOf(others);
    const caddy = report.targets.find(({ target }) => target === 'caddy');
    const why = 'does none of this run’s jobs (opa), by its manifest';
    assert.deepEqual([caddy?.state, caddy?.why], ['not-offered', why]);
    for (const table of tablesOf(report)) assert.equal(rowOf(table, 'caddy').state, 'not-offered');
    assert.match(printTables(others, SCREEN), /Caddy .*not offered: does none of this run/);
  });

  it('says not offered of scenarios and scores whose tier a target does not do', () => {
    const without = fixture({ ...SMALL_PLAN, rounds: 2 }).flatMap((one): ResultRecord[] => {
      if (!('target' in one) || one.target !== 'caddy' || one.kind === 'config') return [one];
      if (one.kind === 'target') return [{ ...one, capabilities: ['key', 'churn'] }];
      return one.kind === 'scenario' || one.tier === 'pass' ? [] : [one];
    });
    const { scenarios, scores } = reportOf(without);
    const reasons = [...scenarios.flatMap(({ rows }) => rows), ...scores].flatMap(
      ({ target, why }) => (target.target === 'caddy' ? [why] : []),
    );
    assert.equal(reasons.length, scenarios.length + 1);
    for (const why of reasons) assert.match(why, /^not offered: does not do [a-z-]+, by its/);
  });

  it('says that a run ended early, and not that it offers nothing, of who was not reached', () => {
    const opa = fixture({ ...SMALL_PLAN, tiers: ['opa'], rounds: 1, scenarios: false });
    const cut = reportOf(opa.filter(({ kind }) => kind !== 'end'));
    const caddy = cut.targets.find(({ target }) => target === 'caddy');
    assert.equal(caddy?.state, 'failed');
    assert.match(caddy.why, /the run was killed/);
  });

  it('has the baseline first in every tier, and what each adds to its p99 at a common rate', () => {
    const report = reportOf(records);
    for (const table of tablesOf(report)) {
      const direct = measuredRow(table, 'direct');
      assert.equal(table.rows[0], direct);
      assert.deepEqual([direct.rank, direct.p99AddedUs], [null, null]);
      const { p99AddedUs: added, p99Us } = measuredRow(table, 'nginx');
      if (table.cell.load.mode === 'closed') assert.equal(added, null);
      else assert.ok(added && p99Us && added.median > 0 && added.median < p99Us.median);
    }
    const cells = report.capabilities.rows.find(({ target }) => target.target === 'direct')?.cells;
    assert.deepEqual(
      cells?.map(({ tier, state }) => [tier, state]),
      [
        ['pass', 'measured'],
        ['key', 'not-offered'],
      ],
    );
  });

  it('has no section for a tier that only the baseline was measured in', () => {
    const alone = records.filter(
      (one) => !('tier' in one) || one.target === 'direct' || one.tier !== 'pass',
    );
    const report = reportOf(alone);
    assert.deepEqual(
      report.tiers.map(({ tier }) => tier),
      ['key'],
    );
    for (const table of tablesOf(report)) measuredRow(table, 'direct');
  });

  it('says where rates differ that latency is to be compared elsewhere', () => {
    const loads = [{ mode: 'open', connections: 64, ratePerS: 1, capacityShare: 0.5 }] as const;
    const text = markdownReport(fixture({ ...SMALL_PLAN, rounds: 2, loads }));
    assert.match(text, /at a share of its own capacity, so at another rate/);
    assert.doesNotMatch(text, /p99 added/);
  });

  it('times nobody in a tier whose probe it failed', () => {
    const report = reportOf(fixture({ ...SMALL_PLAN, tiers: ['full', 'jwt'], rounds: 2 }));
    const [table] = report.tiers.find(({ tier }) => tier === 'jwt')?.tables ?? [];
    const row = rowOf(table, 'envoy');
    assert.equal(row.state, 'probe-failed');
    assert.match(isMeasured(row) ? '' : row.why, /forged token/);
  });

  it('counts no void block, and tells which and why', () => {
    const block = records.find((one) => one.kind === 'block' && one.void.length > 0);
    assert.ok(block?.kind === 'block');
    const row = tablesOf(reportOf(records))
      .filter(({ cell }) => cell.tier === block.tier && cell.load.mode === block.load.mode)
      .map((table) => measuredRow(table, block.target))
      .at(0);
    assert.ok(row);
    assert.ok(row.voided.some(({ round, why }) => round === block.round && why.length > 0));
    assert.equal(row.counted + row.voided.length, SMALL_PLAN.rounds);
    assert.match(printTables(records, SCREEN), /void: round \d+ \(37 answers with status 502\)/);
  });

  for (const [name, form] of Object.entries(FORMS)) {
    it(`can be made in ${name} of a run that was killed at its beginning`, () => {
      const [run] = records;
      assert.ok(run);
      assert.match(form([run]), /2026-11-14-standard/);
      assert.match(form(records.filter(({ kind }) => kind !== 'block')), /counts as a failure/);
    });
  }

  it('says that a killed run was killed, and that one ended early was', () => {
    const killed = records.filter(({ kind }) => kind !== 'end');
    assert.match(printTables(killed, SCREEN), /killed before its end/);
    assert.equal(reportOf(killed).checklist.at(-1)?.met, 'no');
  });

  it('ranks nobody apart from one round, and says what few rounds tell', () => {
    const one = fixture({ ...SMALL_PLAN, rounds: 1 });
    const [table] = tablesOf(reportOf(one));
    const ranks = table?.rows.filter(isMeasured).flatMap(({ rank }) => rank ?? []);
    assert.deepEqual([...new Set(ranks?.map(({ from }) => from))], [1]);
    assert.match(printTables(one, SCREEN), /With 1 rounds only large differences/);
  });
});
