/**
 * Question: what does the gateway itself do to a request cost, crossing included?
 * Unit: nanoseconds a call, p50 and p99 of single calls. Lower is better.
 * Bar: forwarded, crossed: p50 at most 1 000 ns, p99 at most 2 000 ns.
 *
 * In `crossed`: one call into native code with the head as one string and back, and everything
 * there: copying and parsing the head, framing, path, route, key (SHA-256 and look-up among
 * 10 000), rate limit, the whole upstream head with its request id and rewriting, the response's
 * fields, the exchange and its deadlines, looking for an endpoint, queueing, metrics. In `joined
 * and crossed` besides: joining that string from its pieces as the uws front does, and making one
 * piece of it, which the engine does when native code reads it.
 * In neither: uWebSockets.js' own parsing and making of strings, `connect`, `send`, `recv`, and the
 * response's way back (natively: `response head` and `recording` of the criterion bench `decide`).
 *
 * Each call is timed by itself, in runs of 64 between two turns of the loop; the p50 of timing a
 * function that does nothing is taken off. Heads are made just before their run, as a request that
 * was just read is in the cache; their keys stride over all 10 000, so what the gateway keeps of a
 * key is not. Exchanges are ended between runs. The mean CPU time over blocks of calls, which needs
 * no such correction and leaves out what others took of the core, stands beside it as a check.
 *
 * @module
 */

import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';

import { quantile } from '../../arena/statistics/quantile.ts';
import { keepBar } from './bars.ts';
import { flat, headsOf, KEYS, keys, openSubject, PEER } from './subject.ts';

/** Calls between two turns of the loop: as many exchanges wait at most, and those of one block. */
const TURN_CALLS = 64;
const BAR_NS = { p50: 1000, p99: 2000 };

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    bars: { type: 'string' },
  },
});
const timeMs = Number(options.seconds) * 1000;

const subject = await openSubject();
const { core } = subject;

/** What the calls of a run take, one each, and where in it they are. */
const prepared: string[] = Array.from({ length: TURN_CALLS }, () => '');
let next = 0;
let key = 0;
/** Exchanges of a run. One more entry than calls: tinybench calls once to learn what it is given. */
const begun = new Uint32Array(TURN_CALLS + 1);
let calls = 0;
let sink: unknown = null;

const takeNext = (): string => {
  next = next >= TURN_CALLS - 1 ? 0 : next + 1;
  return prepared[next] ?? '';
};

const begin = (head: string): void => {
  begun[calls] = core.begin(head, PEER);
  calls += 1;
};

interface Measured {
  readonly name: string;
  /** What a call is given, made from a key before its run. */
  readonly prepare: (key: string) => string;
  readonly call: () => void;
  /** Whether each call begins an exchange; null where none crosses. */
  readonly forwards: boolean | null;
}

const asIs = (text: string): string => text;
const join = headsOf('/echo/v1/orders', 'expand=lines');
const limited = headsOf('/limited/v1/orders');
const moved = headsOf('/moved/v1/orders');
const crossed = (): void => begin(takeNext());

const NOTHING: Measured = {
  name: 'timing nothing',
  prepare: asIs,
  call: () => {
    sink = takeNext();
  },
  forwards: null,
};
const CROSSED: Measured = {
  name: 'forwarded: crossed, joined before',
  prepare: (text) => flat(join(text)),
  call: crossed,
  forwards: true,
};
const MEASURED: readonly Measured[] = [
  NOTHING,
  {
    name: 'joining the head alone',
    prepare: asIs,
    call: () => {
      sink = join(takeNext());
    },
    forwards: null,
  },
  CROSSED,
  {
    name: 'forwarded: joined and crossed',
    prepare: asIs,
    call: () => begin(join(takeNext())),
    forwards: true,
  },
  {
    name: 'refused, 429: crossed',
    prepare: (text) => flat(limited(text)),
    call: crossed,
    forwards: false,
  },
  {
    name: 'redirected, 308: crossed',
    prepare: (text) => flat(moved(text)),
    call: crossed,
    forwards: false,
  },
];

/** What the next calls take: of as many further keys. */
function prepareRun({ prepare }: Measured): void {
  for (let i = 0; i < TURN_CALLS; i += 1) {
    key = key === KEYS - 1 ? 0 : key + 1;
    prepared[i] = prepare(keys[key] ?? '');
  }
}

/** Ends the exchanges of a run, and a turn of the loop. Throws when they are not what was to be measured. */
async function endRun({ name, forwards }: Measured): Promise<void> {
  const ids = begun.subarray(0, calls);
  const waiting = ids.filter((id) => id !== 0);
  if (forwards !== null && waiting.length !== (forwards ? calls : 0)) {
    throw new Error(`${name}: ${waiting.length} of ${calls} calls began an exchange`);
  }
  // The one that has the connection stays.
  if (core.exchangesInFlight() !== waiting.length + 1) throw new Error(`${name}: exchanges ended`);
  for (const id of waiting) core.abort(id);
  calls = 0;
  await new Promise((resolve) => setImmediate(resolve));
}

interface Timed {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

/** Nanoseconds of single calls; nothing but the clock stands between two calls of a run. */
async function timeCalls(measured: Measured): Promise<Timed> {
  prepareRun(measured);
  const bench = new Bench({
    time: 0,
    iterations: TURN_CALLS,
    timestampProvider: 'hrtimeNow',
    retainSamples: true,
    throws: true,
  }).add(measured.name, measured.call);
  await endRun(measured);
  const samplesMs: number[] = [];
  const run = async (forMs: number): Promise<void> => {
    const deadline = Date.now() + forMs;
    while (Date.now() < deadline) {
      bench.reset();
      prepareRun(measured);
      for (const { result } of bench.tasks.map((task) => task.runSync())) {
        if (result.state === 'completed') samplesMs.push(...(result.latency.samples ?? []));
      }
      await endRun(measured);
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
async function cpuMeanNs(measured: Measured): Promise<number> {
  let cpuUs = 0;
  let blocks = 0;
  const deadline = Date.now() + timeMs / 4;
  while (Date.now() < deadline) {
    prepareRun(measured);
    const before = process.cpuUsage();
    for (let i = 0; i < TURN_CALLS; i += 1) measured.call();
    const { user, system } = process.cpuUsage(before);
    cpuUs += user + system;
    blocks += 1;
    await endRun(measured);
  }
  return (cpuUs * 1000) / (blocks * TURN_CALLS);
}

const floorNs = (await timeCalls(NOTHING)).p50;
const rows = [];
for (const measured of MEASURED) {
  const { p50, p99, count } = await timeCalls(measured);
  rows.push({
    'ns a call': measured.name,
    p50: Math.round(p50 - floorNs),
    p99: Math.round(p99 - floorNs),
    'p50 as timed': Math.round(p50),
    'CPU mean in blocks': Math.round(await cpuMeanNs(measured)),
    calls: count,
  });
}
console.log(
  `\nThe gateway's own work on a request: 10 fields, ${KEYS} keys; Node ${process.version}`,
);
console.table(rows);
console.log(
  `"${CROSSED.name}" is the gateway's own work: the crossing, and key, limit, route and head.\n` +
    'The uws front pays "joined and crossed": its pieces are joined to a string first, and the\n' +
    'engine flattens that in the crossing. The native front pays neither, only the decision.',
);
const own = rows.find((row) => row['ns a call'] === CROSSED.name);
const reached = own !== undefined && own.p50 <= BAR_NS.p50 && own.p99 <= BAR_NS.p99;
console.log(
  `bar, for "${CROSSED.name}": p50 ≤ ${BAR_NS.p50} ns and p99 ≤ ${BAR_NS.p99} ns: ${reached ? 'reached' : 'NOT reached'}`,
);
keepBar(options.bars, {
  cost: "the gateway's own work on a request, crossing included",
  measured: `p50 ${own?.p50} ns, p99 ${own?.p99} ns`,
  target: `≤ ${BAR_NS.p50} ns, ≤ ${BAR_NS.p99} ns`,
  verdict: reached ? 'reached' : 'NOT reached',
});
subject.close();
process.exit(sink === undefined ? 1 : 0);
