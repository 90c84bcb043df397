/**
 * Question: how much latency does the gateway add at half of what it can take?
 * Unit: microseconds from the moment a request was due to its last byte; lower is better.
 * Bar: p99 at most 0.5 ms above that of the upstream alone, at the same rate.
 *
 * The gateway's capacity is found first (wrk, median of three windows). Then gateway, nginx,
 * HAProxy and the upstream alone (`direct`) take turns in random order at half of that rate, from
 * our own open-loop client (arena/driver) on core 1, which it shares with the upstream: a wait for
 * that core is in every number, in `direct` too. `lag` is by how much the client itself was late.
 *
 * @module
 */

import { medianInterval } from '../../arena/statistics/bootstrap.ts';
import { median } from '../../arena/statistics/quantile.ts';
import { seeded, shuffled } from '../../arena/statistics/random.ts';
import { type LatencyResult, openLoop } from './client.ts';
import { type Options, readOptions } from './options.ts';
import { conditionsOf, printConditions, readResults, Results } from './results.ts';
import { verdict } from './report.ts';
import { type Scene, withScene } from './scene.ts';
import { BODY_BYTES, CALLER } from './stage.ts';
import { printTable, withInterval } from './table.ts';
import { LOAD_CORE, startTargets } from './targets.ts';
import { wrk } from './wrk.ts';

interface Row extends LatencyResult {
  readonly kind: 'latency';
  readonly round: number;
  readonly target: string;
  readonly rate: number;
  readonly void: string;
}

const TARGETS = ['gateway', 'nginx', 'haproxy'];
const CAPACITY_WINDOWS = 3;
const BAR_MS = 0.5;
/** A client that is later than this measures itself. */
const LAG_MAX_US = 1000;

async function capacityOf(port: number, { connections, seconds }: Options): Promise<number> {
  const url = `http://127.0.0.1:${port}/api/small`;
  const load = { url, key: CALLER.key, connections, seconds, cores: LOAD_CORE };
  const found: number[] = [];
  for (let window = 0; window <= CAPACITY_WINDOWS; window += 1) {
    const { perSecond, faults } = await wrk(load);
    if (faults !== '') throw new Error(`the gateway's capacity can't be found: ${faults}`);
    // The first one warms up.
    if (window > 0) found.push(perSecond);
  }
  return median(found);
}

async function measure(
  target: { name: string; port: number },
  round: number,
  rate: number,
  options: Options,
): Promise<Row> {
  const { seconds, connections } = options;
  const seed = options.seed + round;
  const result = await openLoop({ port: target.port, rate, seconds, connections, seed });
  const voids = [
    result.faults > 0 ? `${result.faults} faults` : '',
    result.answered < result.due ? `${result.due - result.answered} without an answer` : '',
    result.lagP99Us > LAG_MAX_US ? `the client was ${Math.round(result.lagP99Us)} µs late` : '',
  ];
  const { name } = target;
  return {
    kind: 'latency',
    round,
    target: name,
    rate,
    ...result,
    void: voids.filter(Boolean).join('; '),
  };
}

function printLatency(rows: readonly Row[], seed: number): void {
  const counted = rows.filter((row) => row.void === '');
  const names = [...new Set(counted.map((row) => row.target))];
  const rate = Math.round(rows[0]?.rate ?? 0);
  if (counted.length === 0) console.log('\nno window counts');
  const ms = (values: readonly number[]): string =>
    withInterval(
      medianInterval(
        values.map((us) => us / 1000),
        { seed },
      ),
      3,
    );
  printTable(
    `${BODY_BYTES.small}-byte body at ${rate} requests/s, half of the gateway's capacity: ms, median [95 % interval]`,
    names.map((name) => {
      const own = counted.filter((row) => row.target === name);
      const direct = (round: number): number =>
        counted.find((row) => row.target === 'direct' && row.round === round)?.p99Us ?? Number.NaN;
      const added = own
        .map((row) => (row.p99Us - direct(row.round)) / 1000)
        .filter((value) => !Number.isNaN(value));
      const bar = name === 'gateway' && added.length > 0;
      return {
        target: name,
        p50: ms(own.map((row) => row.p50Us)),
        p99: ms(own.map((row) => row.p99Us)),
        'p99.9': ms(own.map((row) => row.p999Us)),
        'p99 added':
          name === 'direct' || added.length === 0
            ? '-'
            : withInterval(medianInterval(added, { seed }), 3),
        verdict: bar ? `${verdict(medianInterval(added, { seed }), BAR_MS)} (≤ ${BAR_MS})` : '',
        'lag p99': ms(own.map((row) => row.lagP99Us)),
        rounds: `${own.length}`,
      };
    }),
  );
  for (const row of rows.filter((one) => one.void !== '')) {
    console.log(`void: round ${row.round}, ${row.target}: ${row.void}`);
  }
}

async function compare({ stage, targets, missing }: Scene, options: Options): Promise<void> {
  const gateway = targets.find(({ name }) => name === 'gateway');
  if (gateway === undefined) throw new Error(`no gateway: ${JSON.stringify(missing)}`);
  const results = new Results('latency');
  const conditions = conditionsOf(options, stage, { targets, missing });
  results.add(conditions);
  console.log('\nLatency at half load, open loop');
  printConditions(conditions);

  const rate = (await capacityOf(gateway.port, options)) / 2;
  const subjects = [...targets, { name: 'direct', port: stage.upstreamPort }];
  const random = seeded(options.seed);
  const rows: Row[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const subject of shuffled(subjects, random)) {
      const row = await measure(subject, round, rate, options);
      rows.push(row);
      results.add(row);
    }
    process.stderr.write(`round ${round} of ${options.rounds}\n`);
  }
  printLatency(rows, options.seed);
  console.log(`\nraw rows: ${results.file}`);
}

const options = readOptions();
if (options.from === null) {
  await withScene(
    (stage) => startTargets(stage, options.only.length > 0 ? options.only : TARGETS),
    (scene) => compare(scene, options),
  );
} else {
  const { conditions, rows } = readResults(options.from);
  printConditions(conditions);
  printLatency(rows as Row[], conditions.options.seed);
}
process.exit(0);
