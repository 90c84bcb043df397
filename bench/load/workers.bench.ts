/**
 * Question: what do two workers carry against one?
 * Unit: requests/s, and CPU µs a request; 138-byte body.
 *
 * Both gateways may use the same two cores, and take turns in random order. Generator and upstream
 * stay on core 1. On a machine of two cores that is also the second worker's: there the ratio says
 * what is left of core 1, not how the gateway scales, and CPU a request is what to look at.
 *
 * @module
 */

import { cpus } from 'node:os';

import { medianInterval } from '../../arena/statistics/bootstrap.ts';
import { seeded, shuffled } from '../../arena/statistics/random.ts';
import { measureBlock, type Row } from './block.ts';
import { type Options, readOptions } from './options.ts';
import { ratios } from './report.ts';
import { conditionsOf, printConditions, readResults, Results } from './results.ts';
import { type Scene, withScene } from './scene.ts';
import { printTable, withInterval } from './table.ts';
import { startGateway } from './targets.ts';

const SCARCE = cpus().length < 3;
const CORES = SCARCE ? '0,1' : '0,2';
const ONE = '1 worker';
const TWO = '2 workers';

function printWorkers(rows: readonly Row[], seed: number): void {
  const counted = rows.filter((row) => row.void === '');
  printTable(
    'median [95 % interval]',
    [ONE, TWO].map((name) => {
      const own = counted.filter((row) => row.target === name);
      const of = (field: 'perSecond' | 'cpuUs' | 'p99Ms' | 'busy', digits: number): string =>
        withInterval(
          medianInterval(
            own.map((row) => row[field]),
            { seed },
          ),
          digits,
        );
      return {
        gateway: name,
        'requests/s': of('perSecond', 0),
        'CPU µs/request': of('cpuUs', 2),
        'p99 ms': of('p99Ms', 2),
        'cores used': of('busy', 2),
        rounds: `${own.length}`,
      };
    }),
  );
  const perSecond = counted.map((row) => ({ ...row, cpuUs: row.perSecond }));
  const more = ratios(perSecond, TWO, ONE);
  if (more.length > 0)
    console.log(`requests/s, two by one: ${withInterval(medianInterval(more, { seed }), 3)}`);
  for (const row of rows.filter((one) => one.void !== '')) {
    console.log(`void: round ${row.round}, ${row.target}: ${row.void}`);
  }
}

async function compare({ stage, targets, missing }: Scene, options: Options): Promise<void> {
  const results = new Results('workers');
  const conditions = conditionsOf(options, stage, { targets, missing });
  results.add(conditions);
  console.log(`\nTwo workers against one, both on cores ${CORES}`);
  if (SCARCE) console.log('two cores only: the second worker shares core 1 with the load');
  printConditions(conditions, CORES);

  const { rounds, seconds, connections } = options;
  const random = seeded(options.seed);
  const rows: Row[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, port, service } of shuffled(targets, random)) {
      const target = { name, port, pid: service.pid };
      const row = await measureBlock({ round, target, body: 'small', connections, seconds });
      rows.push(row);
      results.add(row);
    }
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }
  printWorkers(rows, options.seed);
  console.log(`\nraw rows: ${results.file}`);
}

const options = readOptions();
if (options.from === null) {
  await withScene(
    async (stage) => ({
      targets: [
        await startGateway(stage, ONE, { cores: CORES }),
        await startGateway(stage, TWO, { workers: 2, cores: CORES }),
      ],
      missing: [],
    }),
    (scene) => compare(scene, options),
  );
} else {
  const { conditions, rows } = readResults(options.from);
  printConditions(conditions, CORES);
  printWorkers(rows as Row[], conditions.options.seed);
}
process.exit(0);
