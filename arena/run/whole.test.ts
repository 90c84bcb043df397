import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, describe, it } from 'node:test';

import { childrenOf, isAlive } from '../host/processes.ts';
import { until } from '../host/wait.ts';
import { decodeHistogram } from '../load/histogram.ts';
import { reportOf } from '../report/model.ts';
import { prometheusText } from '../report/prometheus.ts';
import { isMeasured } from '../report/table-model.ts';
import type { BlockRecord } from '../results/records.ts';
import { Arena, ofKind } from './stand-in/arena.ts';

const RUN_TIMEOUT_MS = 120_000;

/** Sub-second windows. */
function planOf(targets: string, more = ''): string {
  return `
version: 1
name: tiny
targets: [${targets}]
tiers: [pass]
bodies: [1024]
loads:
  - capacity: { connections: 4, seconds: 0.3 }
  - rate: { perS: 200, connections: 4, seconds: 0.5 }
rounds: 1
warmUp: { maxS: 0.5, flatWithin: 0.5 }
seed: 7
${more}`;
}

/** Resolves with the first piece that has `wanted` in it. */
function whenTold(stream: Readable, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    stream.on('data', (text: string) => {
      if (text.includes(wanted)) resolve();
    });
  });
}

function hasNoNumbers(block: BlockRecord): boolean {
  const { latency, cpuUsPerRequest, coresUsed, requestsPerS } = block;
  const isEmpty = decodeHistogram(latency).totalCount === 0;
  return isEmpty && cpuUsPerRequest === null && coresUsed === null && requestsPerS === 0;
}

describe('a run', { timeout: RUN_TIMEOUT_MS }, () => {
  const arena = new Arena();
  after(() => arena.remove());

  it('over direct, stoa and nginx yields a valid file with everything in it', async () => {
    const plan = arena.plan(planOf('stoa, nginx'));
    const { ended } = arena.start(arena.runWords(plan, 'shipped'));
    const { code, out, err } = await ended;
    assert.equal(code, 0, err);
    const { file } = JSON.parse(out) as { readonly file: string };
    const records = arena.records('shipped');

    const [run] = ofKind(records, 'run');
    assert.equal(run?.seed, 7);
    assert.equal(run?.plan.text, readFileSync(plan, 'utf8'));
    const targets = ofKind(records, 'target').map(({ target, status }) => `${target} ${status}`);
    assert.deepEqual(targets, ['direct ready', 'stoa ready', 'nginx ready']);
    const probes = ofKind(records, 'probe').filter(({ passed }) => !passed);
    assert.deepEqual(probes, []);
    const configured = new Set(ofKind(records, 'config').map(({ target }) => target));
    assert.deepEqual([...configured].toSorted(), ['nginx', 'stoa']);
    const blocks = ofKind(records, 'block');
    assert.equal(blocks.length, 6);
    const [end] = ofKind(records, 'end');
    assert.deepEqual([end?.complete, end?.why], [true, '']);

    const validated = await arena.start(['validate', file]).ended;
    assert.equal(validated.code, 0, validated.out);
  });

  it('prints its tables where it is not asked for JSON', async () => {
    const plan = arena.plan(planOf('direct'));
    const words = arena.runWords(plan, 'tables').filter((word) => word !== '--json');
    const { code, out, err } = await arena.start(words).ended;
    assert.equal(code, 0, err);
    assert.match(out, /^direct\b.*\bmeasured$/m);
  });
});

describe('the baseline', { timeout: RUN_TIMEOUT_MS }, () => {
  const arena = new Arena();
  after(() => arena.remove());

  it('stands first in every tier, and what a gateway adds to it is told', async () => {
    const plan = arena.plan(planOf('nginx').replace('tiers: [pass]', 'tiers: [key]'));
    const { code, err } = await arena.start(arena.runWords(plan, 'added')).ended;
    assert.equal(code, 0, err);
    const { tiers, targets } = reportOf(arena.records('added'));
    assert.deepEqual(
      tiers.map(({ tier }) => tier),
      ['key'],
    );
    assert.deepEqual(
      targets.map(({ state }) => state),
      ['measured', 'measured'],
    );
    for (const { cell, rows } of tiers.flatMap(({ tables }) => tables)) {
      const [direct, nginx] = rows.filter(isMeasured);
      assert.deepEqual([direct?.target.target, nginx?.target.target], ['direct', 'nginx']);
      assert.equal(direct?.p99AddedUs, null);
      assert.equal(nginx?.p99AddedUs !== null, cell.load.mode === 'open');
    }
  });
});

describe('a score', { timeout: RUN_TIMEOUT_MS }, () => {
  const arena = new Arena();
  after(() => arena.remove());
  arena.add('faithful', 'faithful');
  arena.add('fast-404', 'not-found');

  it('is played on every target that does the tier, and shown and exported', async () => {
    const plan = arena.plan(planOf('faithful, fast-404', 'scores: [l0]\nscoreShare: 0.01\n'));
    const words = [...arena.runWords(plan, 'scored'), '--targets', arena.targets];
    const { code, err } = await arena.start(words).ended;
    assert.equal(code, 0, err);
    const records = arena.records('scored');
    const played = ofKind(records, 'scenario').map(
      (one) => `${one.target} ${one.scenario} ${one.void.join()}`,
    );
    assert.deepEqual(played.toSorted(), ['direct l0 ', 'faithful l0 ']);
    const scored = reportOf(records).scores.map((one) => [one.target.target, one.share, one.why]);
    assert.deepEqual(scored.slice(0, 2), [
      ['direct', 0.01, ''],
      ['faithful', 0.01, ''],
    ]);
    const text = prometheusText(records);
    assert.match(text, /^gateway_arena_score\{gateway="faithful"\} \d/m);
    assert.match(text, /^gateway_arena_p95_seconds\{gateway="faithful",scenario="ramp_up"\} \d/m);
    assert.match(text, /^gateway_arena_score_played_share\{gateway="faithful"\} 0\.01$/m);
    assert.doesNotMatch(text, /score\{gateway="fast-404"/);
  });
});

describe('scenarios', { timeout: RUN_TIMEOUT_MS }, () => {
  const arena = new Arena();
  after(() => arena.remove());

  it('are measured on who offers them, and leave no record of who does not', async () => {
    const wanted = 'scenarios: [churn, websocket, reload, upstream-kill]\nscenarioRounds: 5\n';
    const plan = arena.plan(planOf('stoa, nginx', wanted));
    const { code, err } = await arena.start(arena.runWords(plan, 'scenarios')).ended;
    assert.equal(code, 0, err);
    const records = ofKind(arena.records('scenarios'), 'scenario');
    const played = records.map(({ target, scenario }) => `${target} ${scenario}`).toSorted();
    assert.deepEqual(played, [
      'direct churn',
      'direct websocket',
      'nginx churn',
      'nginx reload',
      'nginx upstream-kill',
      'nginx websocket',
      'stoa churn',
      'stoa upstream-kill',
    ]);
    const counted = records.filter((record) => record.void.length === 0);
    assert.ok(counted.length > 0, JSON.stringify(records.map((record) => record.void)));
    for (const { figures } of counted) assert.notDeepEqual(figures, {});
    const killed = counted.filter(({ scenario }) => scenario === 'upstream-kill');
    for (const { figures } of killed)
      assert.ok((figures['errors'] ?? 0) > 0, 'the kill is noticed');
  });
});

describe('a target', { timeout: RUN_TIMEOUT_MS }, () => {
  const arena = new Arena();
  after(() => arena.remove());
  arena.add('faithful', 'faithful');
  arena.add('fast-404', 'not-found');
  arena.add('lame', 'lame');
  arena.add('mortal', 'mortal');
  arena.add('slowed', 'slowed');
  const words = (plan: string, id: string): string[] => [
    ...arena.runWords(plan, id),
    '--targets',
    arena.targets,
  ];

  it('that answers 404 fast gets no latency, and one that does not start is told of', async () => {
    const plan = arena.plan(planOf('faithful, fast-404, lame'));
    const { code, err } = await arena.start(words(plan, 'unfit')).ended;
    assert.equal(code, 0, err);
    const records = arena.records('unfit');
    const timed = new Set(ofKind(records, 'block').map(({ target }) => target));
    assert.deepEqual([...timed].toSorted(), ['direct', 'faithful']);
    const probeOf = (name: string) =>
      ofKind(records, 'probe').find(({ target }) => target === name);
    assert.equal(probeOf('fast-404')?.passed, false);
    const lame = probeOf('lame');
    assert.equal(lame?.passed, false);
    assert.match(lame?.checks[0]?.detail ?? '', /the configuration is not to my liking/);
  });

  it('that dies leaves void blocks without a number, and never a zero that counts', async () => {
    const loads = `
loads:
  - capacity: { connections: 4, seconds: 0.5 }
  - rate: { perS: 100, connections: 4, seconds: 0.5 }
  - rate: { perS: 200, connections: 4, seconds: 0.5 }
  - rate: { perS: 300, connections: 4, seconds: 0.5 }`;
    const plan = arena.plan(planOf('mortal').replace(/\nloads:(?:\n {2}.*)+/, loads));
    const { code, err } = await arena.start([...words(plan, 'dead'), '--rounds', '2']).ended;
    assert.equal(code, 0, err);
    const records = arena.records('dead');
    const blocks = ofKind(records, 'block').filter(({ target }) => target === 'mortal');
    assert.equal(blocks.length, 8, 'what is missing is told of');
    const voided = blocks.filter((block) => block.void.length > 0);
    assert.ok(voided.length >= 2);
    assert.ok(voided.some((block) => block.void.some((why) => why.includes('has ended'))));
    assert.deepEqual(
      voided.filter((block) => !hasNoNumbers(block)),
      [],
    );
    const counted = blocks.filter((block) => block.void.length === 0);
    assert.deepEqual(counted.filter(hasNoNumbers), []);
  });

  it('that is a slowed copy of another ranks below it', async () => {
    const plan = arena.plan(planOf('faithful, slowed'));
    const { code, err } = await arena.start([...words(plan, 'slowed'), '--rounds', '4']).ended;
    assert.equal(code, 0, err);
    for (const { cell, rows } of reportOf(arena.records('slowed')).tiers.flatMap(
      ({ tables }) => tables,
    )) {
      const ranked = rows.filter(isMeasured).flatMap(({ target, rank }) => {
        return rank === null ? [] : [`${target.target} ${rank.from}-${rank.to}`];
      });
      assert.deepEqual(ranked, ['faithful 1-1', 'slowed 2-2'], JSON.stringify(cell));
    }
  });

  it('that nobody knows is refused with a suggestion, before anything is started', async () => {
    const plan = arena.plan(planOf('faithfull'));
    const { code, err } = await arena.start(words(plan, 'unknown')).ended;
    assert.equal(code, 2);
    assert.match(err, /no target "faithfull" in .*\(did you mean "faithful"\?\)/);
  });
});

describe('Ctrl-C', { timeout: RUN_TIMEOUT_MS }, () => {
  const arena = new Arena();
  after(() => arena.remove());
  arena.add('faithful', 'faithful');
  arena.add('stubborn', 'stubborn');
  const LONG = 'scenarios: []';
  const words = (plan: string, id: string): string[] => [
    ...arena.runWords(plan, id),
    '--targets',
    arena.targets,
    '--rounds',
    '500',
  ];
  const textOf = (id: string): string => {
    const file = join(arena.results, id, 'results.jsonl');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };

  it('once leaves what was measured, says that it is not complete, and leaves no process', async () => {
    const plan = arena.plan(planOf('faithful', LONG));
    const { child, ended } = arena.start(words(plan, 'once'));
    const pid = child.pid ?? 0;
    await until('a block is there', () => textOf('once').includes('"kind":"block"'), 30_000);
    const begun = childrenOf(pid);
    child.kill('SIGINT');
    const { code, out } = await ended;
    assert.equal(code, 130);
    assert.match(out, /"complete":false,"why":"interrupted"/);
    const records = arena.records('once');
    assert.ok(ofKind(records, 'block').length > 0);
    const [end] = ofKind(records, 'end');
    assert.deepEqual([end?.complete, end?.why], [false, 'interrupted']);
    assert.deepEqual(begun.filter(isAlive), []);
  });

  it('twice stops hard, and leaves no process', async () => {
    const plan = arena.plan(planOf('stubborn', LONG));
    const { child, ended } = arena.start(words(plan, 'twice'));
    const pid = child.pid ?? 0;
    const measured = /"kind":"block"[^\n]*"target":"stubborn"/;
    await until('a block is there', () => measured.test(textOf('twice')), 30_000);
    const begun = childrenOf(pid);
    const asked = whenTold(child.stderr, 'stopping');
    child.kill('SIGINT');
    await asked;
    child.kill('SIGTERM');
    const { code } = await ended;
    assert.equal(code, 130);
    await until('all of them are gone', () => !begun.some(isAlive), 5000);
    const records = arena.records('twice');
    assert.ok(ofKind(records, 'block').length > 0);
    assert.deepEqual(ofKind(records, 'end'), [], 'it did not wait for the target to end');
  });
});
