/**
 * What metering adds to a request: an event appended to the spool, on one thread, without a sink.
 *
 * Units: nanoseconds of wall time an event, of calls of `EVENTS_A_CALL`; the crossing is spread over as many.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { quantile } from '../../arena/statistics/quantile.ts';
import { Config } from '../../src/config/schema.ts';
import { appendToSpool, openSpool } from '../../src/native/addon.ts';

const EVENTS_A_CALL = 100;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '2' } } });
const folder = mkdtempSync(join(tmpdir(), 'stoa-metering-bench-'));
const { metering } = Config.parse({
  version: 1,
  metering: { enabled: true, spool: { directory: join(folder, 'spool') } },
});
openSpool(JSON.stringify(metering), 0);

const samples: number[] = [];
let stored = 0;
const endMs = performance.now() + Number(values.seconds) * 1000;
while (performance.now() < endMs) {
  const begunNs = process.hrtime.bigint();
  stored += appendToSpool('acme', 200, EVENTS_A_CALL);
  samples.push(Number(process.hrtime.bigint() - begunNs) / EVENTS_A_CALL);
  // Now and then the loop turns, as it does between requests.
  if (samples.length % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
}
samples.sort((one, other) => one - other);
const atOnce = stored / (samples.length * EVENTS_A_CALL);
process.stdout.write(
  `metering, one event: p50 ${quantile(samples, 0.5).toFixed(0)} ns, p99 ${quantile(samples, 0.99).toFixed(0)} ns; ` +
    `${(atOnce * 100).toFixed(1)} % of ${samples.length * EVENTS_A_CALL} went into a segment at once\n`,
);
rmSync(folder, { recursive: true, force: true });
process.exit(0);
