/**
 * Question: what does a request cost more that is identified by a known token instead of an API key,
 * and what does metering add to one?
 * Unit: nanoseconds of CPU time a request, begun and ended; the difference within pairs of blocks.
 * Bar: a known token at most 500 ns, metering at most 1 000 ns.
 *
 * Each side is a worker in a process of its own with ten thousand keys, called by the real crossing
 * (`subject.ts`). Blocks of 2 048 requests of both sides of a pair stand one behind the other, each
 * time in the other order; given are the Hodges–Lehmann estimate of the differences and the bounds of
 * the signed-rank test at 95 %. The last row compares two sides that are the same: what lies within
 * it is noise.
 *
 * A token is of the same consumers as the keys, and longer: copying and reading it is in the number.
 * Metering is the event in the spool with the thread that makes its segments; shipping is not in it.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { hodgesLehmann } from '../../arena/statistics/hodges-lehmann.ts';
import { quantile } from '../../arena/statistics/quantile.ts';
import { signedRankBounds } from '../../arena/statistics/wilcoxon.ts';
import { type Bar, keepBar } from './bars.ts';
import type { Caller, Side, Told } from './costs-side.ts';

const PAIRS_MIN = 10;
/** As many as differences can be told apart in reasonable time. */
const PAIRS_MAX = 1000;
const WARM_UP_PAIRS = 20;
const ALPHA_ONE_SIDED = 0.025;
/** Making and verifying ten thousand tokens takes some seconds. */
const READY_TIMEOUT_MS = 300_000;

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, bars: { type: 'string' } },
});
const timeMs = Number(options.seconds) * 1000;

interface End {
  readonly process: ChildProcess;
  readonly kind: Caller;
}

interface Cost {
  readonly name: string;
  readonly without: End;
  readonly with: End;
  readonly targetNs: number | null;
}

async function start(side: Side): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'costs-side.js'), [side]);
  await heard(child);
  return child;
}

/** The next message of a side. Rejects when it ends instead. */
async function heard(child: ChildProcess): Promise<Told> {
  const heardEither = new AbortController();
  const signal = AbortSignal.any([heardEither.signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`a side of the benchmark ended: exit code ${child.exitCode}`);
  });
  try {
    const [told] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Told];
    return told;
  } finally {
    ended.catch(() => {});
    heardEither.abort();
  }
}

async function blockOf({ process: child, kind }: End): Promise<number> {
  child.send({ kind });
  const told = await heard(child);
  if (!('cpuNs' in told)) throw new Error('a side began again');
  return told.cpuNs;
}

interface Pair {
  readonly without: number;
  readonly with: number;
}

async function pairOf(cost: Cost, withFirst: boolean): Promise<Pair> {
  const first = await blockOf(withFirst ? cost.with : cost.without);
  const second = await blockOf(withFirst ? cost.without : cost.with);
  return withFirst ? { with: first, without: second } : { with: second, without: first };
}

async function pairsOf(cost: Cost): Promise<Pair[]> {
  for (let pair = 0; pair < WARM_UP_PAIRS; pair += 1) await pairOf(cost, pair % 2 === 0);
  const pairs: Pair[] = [];
  const deadline = Date.now() + timeMs;
  while (pairs.length < PAIRS_MAX && (pairs.length < PAIRS_MIN || Date.now() < deadline)) {
    pairs.push(await pairOf(cost, pairs.length % 2 === 0));
  }
  return pairs;
}

function verdictOf(low: number, high: number, targetNs: number): Bar['verdict'] {
  if (high <= targetNs) return 'reached';
  return low > targetNs ? 'NOT reached' : 'not certain';
}

function median(values: readonly number[]): number {
  return Math.round(quantile(Float64Array.from(values).toSorted(), 0.5));
}

async function rowOf(cost: Cost): Promise<Record<string, string | number>> {
  const pairs = await pairsOf(cost);
  const differences = pairs.map((pair) => pair.with - pair.without);
  const { low, high } = signedRankBounds(differences, ALPHA_ONE_SIDED);
  const difference = Math.round(hodgesLehmann(differences));
  const bounds = `${Math.round(low)} to ${Math.round(high)}`;
  const same = low <= 0 && high >= 0 ? 'the same' : 'not the same';
  if (cost.targetNs !== null) {
    keepBar(options.bars, {
      cost: cost.name,
      measured: `${difference} ns of CPU (${bounds})`,
      target: `≤ ${cost.targetNs} ns`,
      verdict: verdictOf(low, high, cost.targetNs),
    });
  }
  return {
    'CPU ns a request': cost.name,
    without: median(pairs.map((pair) => pair.without)),
    with: median(pairs.map((pair) => pair.with)),
    difference,
    '95 %': bounds,
    target: cost.targetNs === null ? '0' : `≤ ${cost.targetNs}`,
    verdict: cost.targetNs === null ? same : verdictOf(low, high, cost.targetNs),
    pairs: pairs.length,
  };
}

const tokens = await start('tokens');
const plain = await start('plain');
const again = await start('plain');
const metered = await start('metered');
const key = (child: ChildProcess): End => ({ process: child, kind: 'key' });
const COSTS: readonly Cost[] = [
  {
    name: 'a known token instead of a key',
    without: key(tokens),
    with: { process: tokens, kind: 'token' },
    targetNs: 500,
  },
  { name: 'metering on', without: key(plain), with: key(metered), targetNs: 1000 },
  { name: 'nothing (a control)', without: key(plain), with: key(again), targetNs: null },
];

const rows = [];
for (const cost of COSTS) rows.push(await rowOf(cost));
console.log(
  '\nWhat identity and metering cost: the crossing, the decision, the end; in pairs of blocks',
);
console.table(rows);
for (const child of [tokens, plain, again, metered]) child.disconnect();
