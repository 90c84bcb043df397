/**
 * Question: what does the gateway itself do to a request cost, crossing included?
 * Unit: nanoseconds a call, p50 and p99 of single calls. Lower is better.
 * Bar: forwarded, joined and crossed: p50 at most 1 000 ns, p99 at most 2 000 ns.
 *
 * In the number: joining the head as the listener does, one call into native code and back, and
 * everything there: copying and parsing the head, framing, path, route, key (SHA-256 and look-up
 * among 10 000), rate limit, the whole upstream head with its request id and rewriting, the
 * response's fields, the exchange and its deadlines, choosing an endpoint, metrics.
 * Not in it: uWebSockets.js' own parsing and making of strings, `connect`, `send`, `recv`, and the
 * response's way back (natively: `response head` and `recording` of the criterion bench `decide`).
 *
 * Each call is timed by itself, in runs of 64 between two turns of the loop; the p50 of timing a
 * function that does nothing is taken off. The mean CPU time over blocks of calls, which needs no
 * such correction and leaves out what others took of the core, stands beside it as a check.
 *
 * @module
 */

import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';

import { NOTHING_SHIPPED, renderMetrics } from '../../src/native/addon.ts';
import { quantile } from '../../arena/statistics/quantile.ts';
import { flat, headsOf, KEYS, keys, openSubject } from './subject.ts';

/** Calls between two turns of the loop, by which exchanges end: as many are in flight at most. */
const TURN_CALLS = 64;
const FLAT_HEADS = 500;
const BAR_NS = { p50: 1000, p99: 2000 };

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
  },
});
const timeMs = Number(options.seconds) * 1000;

const core = openSubject();
const peer = new Uint8Array([192, 0, 2, 7]).buffer;
let turn = 0;
let sink: unknown = null;

const nextKey = (): string => {
  turn = turn === KEYS - 1 ? 0 : turn + 1;
  return keys[turn] ?? '';
};

/** Heads of one piece each. Few enough to stay in the cache, where a request's head always is. */
function flatHeads(path: string, query?: string): () => string {
  const joined = headsOf(path, query);
  const heads = keys.slice(0, FLAT_HEADS).map((key) => flat(joined(key)));
  return () => {
    turn = turn >= FLAT_HEADS - 1 ? 0 : turn + 1;
    return heads[turn] ?? '';
  };
}

const join = headsOf('/echo/v1/orders', 'expand=lines');
const nextForwarded = flatHeads('/echo/v1/orders', 'expand=lines');
const nextLimited = flatHeads('/limited/v1/orders');
const nextMoved = flatHeads('/moved/v1/orders');
const NOTHING = 'timing nothing';
const WHOLE = 'forwarded: joined and crossed';

const CALLS: readonly { name: string; call: () => unknown }[] = [
  { name: NOTHING, call: nextKey },
  { name: 'joining the head alone', call: () => join(nextKey()) },
  { name: 'forwarded: crossed, joined before', call: () => core.begin(nextForwarded(), peer) },
  { name: WHOLE, call: () => core.begin(join(nextKey()), peer) },
  { name: 'refused, 429: crossed', call: () => core.begin(nextLimited(), peer) },
  { name: 'redirected, 308: crossed', call: () => core.begin(nextMoved(), peer) },
];

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Timed {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

/** Nanoseconds of single calls; nothing but the clock stands between two calls of a run. */
async function timeCalls(name: string, call: () => unknown): Promise<Timed> {
  const bench = new Bench({
    time: 0,
    iterations: TURN_CALLS,
    timestampProvider: 'hrtimeNow',
    retainSamples: true,
    throws: true,
  }).add(name, () => {
    sink = call();
  });
  const samplesMs: number[] = [];
  const run = async (forMs: number): Promise<void> => {
    const deadline = Date.now() + forMs;
    while (Date.now() < deadline) {
      bench.reset();
      for (const { result } of bench.tasks.map((task) => task.runSync())) {
        if (result.state === 'completed') samplesMs.push(...(result.latency.samples ?? []));
      }
      await nextTurn();
    }
  };
  await run(timeMs / 2);
  samplesMs.length = 0;
  await run(timeMs);
  const sorted = Float64Array.from(samplesMs).toSorted();
  return {
    p50: quantile(sorted, 0.5) * 1e6,
    p99: quantile(sorted, 0.99) * 1e6,
    count: sorted.length,
  };
}

/** CPU nanoseconds a call, over blocks of calls with no clock in between. */
async function cpuMeanNs(call: () => unknown): Promise<number> {
  let cpuUs = 0;
  let calls = 0;
  const deadline = Date.now() + timeMs / 4;
  while (Date.now() < deadline) {
    const before = process.cpuUsage();
    for (let i = 0; i < TURN_CALLS; i += 1) sink = call();
    const { user, system } = process.cpuUsage(before);
    cpuUs += user + system;
    calls += TURN_CALLS;
    await nextTurn();
  }
  return (cpuUs * 1000) / calls;
}

/** Answers of each kind that the worker has counted: what was called is what was measured. */
function counted(metric: string): number {
  const line = renderMetrics({ workers: 1, restarts: 0, shipper: NOTHING_SHIPPED })
    .split('\n')
    .find((text) => text.startsWith(`${metric} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

const floorNs = (await timeCalls(NOTHING, nextKey)).p50;
const rows = [];
for (const { name, call } of CALLS) {
  const { p50, p99, count } = await timeCalls(name, call);
  rows.push({
    'ns a call': name,
    p50: Math.round(p50 - floorNs),
    p99: Math.round(p99 - floorNs),
    'p50 as timed': Math.round(p50),
    'CPU mean in blocks': Math.round(await cpuMeanNs(call)),
    calls: count,
  });
}
console.log(
  `\nThe gateway's own work on a request: 10 fields, ${KEYS} keys; Node ${process.version}`,
);
console.table(rows);

const whole = rows.find((row) => row['ns a call'] === WHOLE);
const refused = counted('stoa_problems_total{code="upstream_unresolved"}');
const overloaded = counted('stoa_problems_total{code="overloaded"}');
console.log(
  `forwarded requests that then found no upstream address, as they should: ${refused}; turned away: ${overloaded}`,
);
const reached =
  whole !== undefined && whole.p50 <= BAR_NS.p50 && whole.p99 <= BAR_NS.p99 && overloaded === 0;
console.log(
  `bar: p50 ≤ ${BAR_NS.p50} ns and p99 ≤ ${BAR_NS.p99} ns: ${reached ? 'reached' : 'NOT reached'}`,
);
core.close();
process.exit(sink === undefined || overloaded > 0 ? 1 : 0);
