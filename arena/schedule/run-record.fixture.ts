/**
 * Results as a run would have written them, for tests of what reads them.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type EndRecord, RESULTS_VERSION, type RunRecord } from '../results/records.ts';

const SHA256 = '0'.repeat(64);

export function runRecord(id: string, at: string): RunRecord {
  return {
    kind: 'run',
    version: RESULTS_VERSION,
    id,
    at,
    command: ['stoa-arena', 'run'],
    plan: { name: 'quick', sha256: SHA256, text: 'version: 1\n' },
    seed: 1,
    source: { commit: '0123456789abcdef', dirty: false },
    machine: {
      cpu: 'a processor',
      cores: 2,
      memoryBytes: 1 << 30,
      os: 'Debian 12',
      kernel: '6.1',
      node: 'v20.0.0',
      virtualization: null,
      fingerprint: SHA256,
    },
    driver: { name: 'native', version: '1' },
    cores: { target: '0', load: '1' },
    loadAverage: 0.1,
  };
}

export function endRecord(at: string, complete: boolean, why = ''): EndRecord {
  return { kind: 'end', at, complete, why };
}

/** Writes `records` as the results of the run `name` of a schedule's folder; returns its folder. */
export function writeRun(folder: string, name: string, ...records: readonly object[]): string {
  const run = join(folder, 'runs', name);
  mkdirSync(run, { recursive: true });
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  writeFileSync(join(run, 'results.jsonl'), text);
  return run;
}
