/**
 * Question: does a well-behaved client notice what others do to the gateway?
 * Unit: p99 beside an attack by p99 alone, of the same client; lower is better.
 * Bar: at most 2.
 *
 * Two open-loop clients (arena/driver) run in every window, 16 connections and 500 requests a second
 * each: one through the target, one straight at the upstream, on the same core. In each round
 * every target has every attack once, in random order, and right before each a window alone; the
 * ratio pairs these two. `direct` is the second client's ratio: what the attack does to core 1,
 * which client, upstream and attacker share, and not to the target. An answer that is lost counts
 * as a fault of the target and is shown. `held` is how many connections the attack had left at the
 * end of its window, at least. Memory is that of the target's workers, before and at the
 * end of the window beside the attack. Where it may, the benchmark gives everything but the attacks
 * real-time priority.
 *
 * @module
 */

import { connectionsTo, machineTicks } from '../../arena/host/machine-counters.ts';
import { workerBytesOf, workersWaitedMs } from '../../arena/host/process-tree.ts';
import { takePrecedence } from '../../arena/adapters/processes.ts';
import { sleep } from '../../arena/host/wait.ts';
import { medianInterval } from '../../arena/statistics/bootstrap.ts';
import { seeded, shuffled } from '../../arena/statistics/random.ts';
import { startTarpit, type Attack, attacks } from './attacks.ts';
import { type LatencyResult, openLoop } from './client.ts';
import { type Options, readOptions } from './options.ts';
import { verdict } from './report.ts';
import { conditionsOf, printConditions, readResults, Results } from './results.ts';
import { type Scene, withScene } from './scene.ts';
import { printTable, withInterval } from './table.ts';
import { startTargets, type Target } from './targets.ts';

interface Window {
  readonly through: LatencyResult;
  readonly direct: LatencyResult;
  /** Why this window does not count; empty when it does. */
  readonly void: string;
}

interface Row {
  readonly kind: 'bounds';
  readonly round: number;
  readonly target: string;
  readonly attack: string;
  readonly alone: Window;
  readonly beside: Window;
  /** Connections that the attack has at the end of its window. */
  readonly held: number;
  readonly bytesBefore: number;
  readonly bytesBeside: number;
}

const TARGETS = ['gateway', 'native', 'nginx'];
const RATE = 500;
const CONNECTIONS = 16;
const BAR = 2;
const MIB = 1_048_576;
/** What the workers' run queue may cost a window: the targets that are idle share their core. */
const WAITED_MAX_MS = 40;
const STOLEN_MAX = 0.05;
/** A client that is later than this measures itself. */
const LAG_MAX_US = 1000;
/** Until what each Node process does once, some 100 ms of work about 10 s after it began, is over. */
const STARTED_MS = 15_000;
/** Until a target has done with the attack that is over. */
const SETTLE_MS = 1500;

async function measure(target: Target, direct: number, options: Options): Promise<Window> {
  const { seconds, seed } = options;
  const plan = { rate: RATE, connections: CONNECTIONS, seconds };
  const ticks = machineTicks();
  const before = workersWaitedMs(target.service.pid);
  const [through, straight] = await Promise.all([
    openLoop({ ...plan, port: target.port, seed }),
    openLoop({ ...plan, port: direct, seed: seed + 1 }),
  ]);
  const waitedMs = workersWaitedMs(target.service.pid) - before;
  const after = machineTicks();
  const stolen = (after.stolen - ticks.stolen) / (after.total - ticks.total);
  const voids = [
    waitedMs > WAITED_MAX_MS ? `the target waited ${Math.round(waitedMs)} ms for its core` : '',
    stolen > STOLEN_MAX ? `${Math.round(stolen * 100)} % of the time was stolen` : '',
    through.lagP99Us > LAG_MAX_US ? `the client was ${Math.round(through.lagP99Us)} µs late` : '',
  ];
  return { through, direct: straight, void: voids.filter(Boolean).join('; ') };
}

/** One window alone, and one beside the attack. */
async function pair(
  round: number,
  { target, upstreamPort }: { target: Target; upstreamPort: number },
  attack: Attack,
  options: Options,
): Promise<Row> {
  const seeds = { ...options, seed: options.seed + 2 * round };
  const alone = await measure(target, upstreamPort, seeds);
  const bytesBefore = workerBytesOf(target.service.pid);
  const attacking = await attack.begin(target.port);
  try {
    const beside = await measure(target, upstreamPort, seeds);
    const bytesBeside = workerBytesOf(target.service.pid);
    const held = connectionsTo(target.port);
    return {
      kind: 'bounds',
      round,
      target: target.name,
      attack: attack.name,
      alone,
      beside,
      held,
      bytesBefore,
      bytesBeside,
    };
  } finally {
    await attacking.stop();
    await sleep(SETTLE_MS);
  }
}

function lostOf({ due, answered, faults }: LatencyResult): number {
  return faults + Math.max(0, due - answered);
}

function tableRow(
  attack: string,
  target: string,
  rows: readonly Row[],
  seed: number,
): Record<string, string> {
  const of = (read: (row: Row) => number, digits: number): string =>
    withInterval(medianInterval(rows.map(read), { seed }), digits);
  const ratio = medianInterval(
    rows.map(({ alone, beside }) => beside.through.p99Us / alone.through.p99Us),
    { seed },
  );
  const lost = rows.reduce((sum, { beside }) => sum + lostOf(beside.through), 0);
  const mib = (read: (row: Row) => number): string =>
    (Math.max(...rows.map(read)) / MIB).toFixed(0);
  return {
    beside: attack,
    target,
    'p99 alone': of(({ alone }) => alone.through.p99Us / 1000, 2),
    'p99 beside': of(({ beside }) => beside.through.p99Us / 1000, 2),
    ratio: withInterval(ratio, 2),
    direct: of(({ alone, beside }) => beside.direct.p99Us / alone.direct.p99Us, 2),
    verdict: target === 'nginx' ? '' : `${verdict(ratio, BAR)} (≤ ${BAR})`,
    lost: `${lost}`,
    held: `${Math.min(...rows.map(({ held }) => held))}`,
    MiB: `${mib(({ bytesBefore }) => bytesBefore)} → ${mib(({ bytesBeside }) => bytesBeside)}`,
    rounds: `${rows.length}`,
  };
}

function voidOf({ alone, beside }: Row): string {
  return [alone.void, beside.void].filter(Boolean).join('; ');
}

function printBounds(all: readonly Row[], seed: number): void {
  const rows = all.filter((row) => voidOf(row) === '');
  const names = [...new Set(rows.map((row) => row.attack))].toSorted();
  const subjects = [...new Set(rows.map((row) => row.target))].toSorted();
  printTable(
    `${2 * RATE} requests/s beside an attack: ms, median [95 % interval]; ratio paired by round`,
    names.flatMap((attack) =>
      subjects.flatMap((target) => {
        const own = rows.filter((row) => row.attack === attack && row.target === target);
        return own.length > 0 ? [tableRow(attack, target, own, seed)] : [];
      }),
    ),
  );
  for (const row of all.filter((one) => voidOf(one) !== '')) {
    console.log(`void: round ${row.round}, ${row.target} beside ${row.attack}: ${voidOf(row)}`);
  }
}

async function play({ stage, targets, missing }: Scene, options: Options): Promise<void> {
  const possible = attacks();
  const left = [...missing, ...possible.missing];
  const results = new Results('bounds');
  const conditions = conditionsOf(options, stage, { targets, missing: left });
  results.add(conditions);
  console.log('\nA well-behaved client beside an attack, open loop');
  printConditions(conditions);

  await sleep(STARTED_MS);
  const random = seeded(options.seed);
  const pairs = targets.flatMap((target) => possible.attacks.map((attack) => ({ target, attack })));
  const rows: Row[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const { target, attack } of shuffled(pairs, random)) {
      const between = { target, upstreamPort: stage.upstreamPort };
      const row = await pair(round, between, attack, options);
      rows.push(row);
      results.add(row);
    }
    process.stderr.write(`round ${round} of ${options.rounds}\n`);
  }
  printBounds(rows, options.seed);
  console.log(`\nraw rows: ${results.file}`);
}

const options = { ...readOptions(), connections: CONNECTIONS };
if (options.from === null) {
  if (!takePrecedence())
    console.log('without real-time priority: what else runs is in the numbers');
  const tarpit = await startTarpit();
  const names = options.only.length > 0 ? options.only : TARGETS;
  await withScene(
    (stage) => startTargets(stage, names, { more: tarpit.more }),
    (scene) => play(scene, options),
  );
  await tarpit.service.stop();
} else {
  const { conditions, rows } = readResults(options.from);
  printConditions(conditions);
  printBounds(rows as Row[], conditions.options.seed);
}
process.exit(0);
