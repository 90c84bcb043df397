import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { LoadResult, LoadSpec } from '../load/driver.ts';
import { decodeHistogram, emptyHistogram, encodeHistogram, recordUs } from '../load/histogram.ts';
import { parsePlan } from '../plan/load.ts';
import { BlockRecord } from '../results/records.ts';
import type { Bench } from './bench.ts';
import { measureBlock, type Subject } from './block.ts';
import { Capacities } from './capacity.ts';
import { Interrupted } from './interrupt.ts';
import { type Resolved, resolveLoad } from './load-spec.ts';

function histogram(...values: number[]): string {
  const all = emptyHistogram();
  for (const value of values) recordUs(all, value);
  return encodeHistogram(all);
}

const FINE: LoadResult = {
  requests: 100,
  answered: 100,
  elapsedMs: 1000,
  statuses: { '200': 100 },
  errors: {},
  latency: histogram(100, 200),
  lag: histogram(10),
  cpuUs: 200_000,
};

async function never(): Promise<never> {
  throw new Error('not asked for here');
}

/** A bench whose driver answers with `result`, or does what it is told to. */
function benchWith(
  run: LoadResult | ((spec: LoadSpec) => Promise<LoadResult>),
  signal = new AbortController().signal,
): Bench {
  const loaded = parsePlan('version: 1\nname: p\ntargets: [nginx]\n', 'p');
  assert.ok(loaded.ok);
  return {
    plan: loaded.value,
    station: {
      driver: {
        name: 'native',
        version: '0',
        run: async (spec) => (typeof run === 'function' ? run(spec) : run),
      },
      upstream: { host: '127.0.0.1', port: 1 },
      why: '',
      stop: async () => {},
    },
    startUpstream: never,
    probe: never,
    token: '',
    capacities: new Capacities(),
    baselines: new Map([[1024, 1000]]),
    write: () => {},
    progress: { now() {}, advance() {}, note() {}, end() {} },
    signal,
    folder: '/nowhere',
  };
}

const PLACE = { round: 1, target: 'nginx', tier: 'pass', bodyBytes: 1024 } as const;
const ALIVE: Subject = {
  host: '127.0.0.1',
  port: 1,
  pid: process.pid,
  alive: () => true,
  output: () => '',
};

function resolved(load: Parameters<typeof resolveLoad>[0]): Resolved {
  const found = resolveLoad(load, 1000);
  assert.ok(found !== null);
  return found;
}

const OPEN = resolved({ rate: { perS: 100, connections: 2, seconds: 1, arrivals: 'poisson' } });
const CLOSED = resolved({ capacity: { connections: 2, seconds: 1 } });

function block(
  bench: Bench,
  { load = OPEN, target = ALIVE }: { load?: Resolved; target?: Subject } = {},
): Promise<BlockRecord> {
  return measureBlock(bench, PLACE, target, { resolved: load, seed: 1 });
}

describe('a block', () => {
  it('that went well holds its numbers, and counts', async () => {
    const record = await block(benchWith(FINE));
    assert.deepEqual(BlockRecord.parse(record), record);
    assert.deepEqual([record.void, record.generator.bound], [[], []]);
    assert.deepEqual([record.requestsPerS, record.latency], [100, FINE.latency]);
    assert.ok(record.cpuUsPerRequest !== null && record.cpuUsPerRequest >= 0);
    assert.ok((record.memoryPeakBytes ?? 0) > 1 << 20);
  });

  // biome-ignore format: a table is read by column.
  const faults: readonly { readonly result: Partial<LoadResult>; readonly why: RegExp }[] = [
    { result: { statuses: { '200': 99, '502': 1 } }, why: /1 answers with status 502/ },
    { result: { statuses: { '404': 100 } },          why: /100 answers with status 404/ },
    { result: { errors: { timeout: 2 } },            why: /2 errors of kind timeout/ },
    { result: { answered: 0, statuses: {} },         why: /nothing was answered/ },
  ];
  for (const { result, why } of faults) {
    it(`is void and holds no number of the target: ${why.source}`, async () => {
      const record = await block(benchWith({ ...FINE, ...result }));
      assert.match(record.void.join(), why);
      assert.equal(decodeHistogram(record.latency).totalCount, 0);
      const { requestsPerS, cpuUsPerRequest, coresUsed } = record;
      assert.deepEqual([requestsPerS, cpuUsPerRequest, coresUsed], [0, null, null]);
      assert.deepEqual(record.statuses, result.statuses ?? FINE.statuses);
    });
  }

  it('of a target that died is void, with the end of what it wrote', async () => {
    const target = { ...ALIVE, alive: () => false, output: () => 'out of memory\n' };
    const record = await block(benchWith(FINE), { target });
    assert.deepEqual(record.void, ['the target has ended: out of memory']);
  });

  it('that the driver refuses is void, and says so', async () => {
    assert.deepEqual((await block(benchWith(never))).void, ['no load: not asked for here']);
  });

  it('is marked where the generator was late, busy, off its rate, or hardly faster than the target', async () => {
    const late = await block(benchWith({ ...FINE, lag: histogram(5000) }));
    assert.match(late.generator.bound.join(), /late \(p99; 200 at most\)/);
    const busy = await block(benchWith({ ...FINE, cpuUs: 900_000 }));
    assert.match(busy.generator.bound.join(), /90 % of its core/);
    const blind = await block(benchWith({ ...FINE, lag: null }));
    assert.match(blind.generator.bound.join(), /is not known to the driver/);
    const burst = { ...FINE, requests: 300, answered: 300, statuses: { '200': 300 } };
    const ahead = await block(benchWith(burst));
    assert.deepEqual(ahead.generator.bound, ['300 requests were sent where 100 were due']);
    const answered = 600;
    const near = {
      ...FINE,
      lag: null,
      answered,
      requests: answered,
      statuses: { '200': answered },
    };
    const capacity = await block(benchWith(near), { load: CLOSED });
    assert.match(capacity.generator.bound.join(), /without a gateway it is 1\.7 times as many/);
  });

  it('that is interrupted is none', async () => {
    const controller = new AbortController();
    const measured = block(benchWith(() => new Promise(() => {}), controller.signal));
    controller.abort(new Interrupted());
    await assert.rejects(measured, Interrupted);
  });

  it('asks the driver for what the load is, over the same requests', async () => {
    const asked: LoadSpec[] = [];
    const bench = benchWith(async (spec) => {
      asked.push(spec);
      return FINE;
    });
    await block(bench);
    await block(bench, { load: CLOSED });
    const [open, closed] = asked;
    assert.deepEqual([open?.mode, open?.ratePerS, open?.measureMs], ['open', 100, 1000]);
    assert.deepEqual([closed?.mode, closed?.ratePerS], ['closed', undefined]);
    assert.deepEqual(open?.requests, closed?.requests);
    assert.deepEqual(open?.expect, { status: 200, bodyBytes: 1024 });
  });
});

describe('a rate that is a share', () => {
  const half = {
    rate: { capacityShare: 0.5, connections: 1, seconds: 1, arrivals: 'poisson' },
  } as const;

  it('is of the median of what was found, and nothing before that', () => {
    const capacities = new Capacities();
    assert.equal(resolveLoad(half, capacities.of(PLACE)), null);
    for (const perS of [100, 9000, 120]) capacities.add(PLACE, perS);
    const load = resolveLoad(half, capacities.of(PLACE))?.load;
    assert.deepEqual(load, { mode: 'open', connections: 1, ratePerS: 60, capacityShare: 0.5 });
  });

  it('is not moved by windows without an answer, nor by another tier or body', () => {
    const capacities = new Capacities();
    capacities.add(PLACE, 100);
    for (const perS of [0, Number.NaN, Number.POSITIVE_INFINITY]) capacities.add(PLACE, perS);
    capacities.add({ ...PLACE, bodyBytes: 0 }, 500);
    capacities.add({ ...PLACE, tier: 'key' }, 500);
    assert.equal(capacities.of(PLACE), 100);
  });
});
