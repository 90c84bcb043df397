/**
 * The short form of the mix-up test; `test/soak/mixups.ts` is the long one.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { it } from 'node:test';

import { runMixups } from '../soak/mixups.ts';

const MIB = 1_048_576;
/** What the workers' memory may grow by once a fifth of the requests is through. */
const GROWTH_MAX_BYTES = 48 * MIB;

it('loses and mixes up nothing in 20 000 requests', async (t) => {
  const seed = Number(process.env['STOA_TEST_SEED'] ?? Date.now() % 1_000_000);
  const report = await runMixups({ requests: 20_000, connections: 64, seed });
  t.diagnostic(`seed ${seed}, ${Math.round(report.lateMaxBytes / MIB)} MiB`);

  const { mixups, lost, repeated, requests, faults } = report;
  assert.deepEqual(
    { faults, mixups, lost, repeated, requests },
    { faults: [], mixups: 0, lost: 0, repeated: 0, requests: 20_000 },
  );
  assert.ok(
    report.lateMaxBytes - report.earlyBytes < GROWTH_MAX_BYTES,
    `memory grew from ${report.earlyBytes} to ${report.lateMaxBytes} bytes`,
  );
});
