/**
 * Question: what does a proxied request cost here and in nginx, HAProxy and Envoy, for the same job?
 * Unit: CPU µs a request of the target's whole process tree, user and system; lower is better.
 * Bars: at most 1.0 × nginx, 1.0 × HAProxy, 0.4 × Envoy, for a 138-byte and a 10-KiB body.
 *
 * All targets run at once, each idle but when it is its turn; one worker or thread each on core 0.
 * wrk (closed loop) and an nginx upstream share core 1. Every round has every target once for each
 * body, in a random order, each block after a second of warm-up. `direct` is the upstream without
 * anything in front. What a target must do is in targets.ts, and is checked first (probe.ts).
 * Requests/s of a target whose core is not full are the generator's limit, not its own.
 *
 * @module
 */

import { seeded, shuffled } from '../../arena/statistics/random.ts';
import { measureBlock, type Row } from './block.ts';
import { type Options, readOptions } from './options.ts';
import { printComparison } from './report.ts';
import { conditionsOf, printConditions, readResults, Results } from './results.ts';
import { type Scene, withScene } from './scene.ts';
import { BODIES, CALLER } from './stage.ts';
import { LOAD_CORE, startTargets, TARGET_NAMES } from './targets.ts';
import { wrk } from './wrk.ts';

/** Until Node's compilers have settled. */
const WARM_UP_S = 5;

async function compare(
  { stage, upstream, targets, missing }: Scene,
  options: Options,
): Promise<void> {
  const results = new Results('compare');
  const conditions = conditionsOf(options, stage, { targets, missing });
  results.add(conditions);
  console.log('\nThe same job, side by side');
  printConditions(conditions);

  const { rounds, seconds, connections } = options;
  const subjects = [
    ...targets.map(({ name, port, service }) => ({ name, port, pid: service.pid })),
    { name: 'direct', port: stage.upstreamPort, pid: upstream.pid },
  ];
  for (const { port } of subjects) {
    const url = `http://127.0.0.1:${port}/api/small`;
    const warmUp = { url, key: CALLER.key, connections, cores: LOAD_CORE };
    await wrk({ ...warmUp, seconds: Math.min(WARM_UP_S, 2 * seconds) });
  }
  const random = seeded(options.seed);
  const rows: Row[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const body of BODIES) {
      for (const target of shuffled(subjects, random)) {
        const row = await measureBlock({ round, target, body, connections, seconds });
        rows.push(row);
        results.add(row);
      }
    }
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }
  printComparison(rows, options.seed);
  console.log(`\nraw rows: ${results.file}`);
}

const options = readOptions();
if (options.from === null) {
  const names = options.only.length > 0 ? options.only : TARGET_NAMES;
  await withScene(
    (stage) => startTargets(stage, names),
    (scene) => compare(scene, options),
  );
} else {
  const { conditions, rows } = readResults(options.from);
  printConditions(conditions);
  printComparison(rows as Row[], conditions.options.seed);
}
process.exit(0);
