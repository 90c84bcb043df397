/**
 * The raw rows of a run, one JSON document a line, and the first line that says where and how they
 * came about. Tables are made from these rows only, so they can be made again.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';

import type { Options } from './options.ts';
import type { Stage } from './stage.ts';
import type { Missing, Target } from './targets.ts';

const FOLDER = join(import.meta.dirname, '../../../bench/results');

/** The first line of a file of results. */
export interface Conditions {
  readonly kind: 'conditions';
  readonly at: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly load: number;
  readonly options: Options;
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: readonly Missing[];
  readonly configurations: Readonly<Record<string, string>>;
}

export function conditionsOf(
  options: Options,
  stage: Stage,
  found: { readonly targets: readonly Target[]; readonly missing: readonly Missing[] },
): Conditions {
  return {
    kind: 'conditions',
    at: new Date().toISOString(),
    commit: commit(),
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    kernel: release(),
    load: loadavg()[0] ?? 0,
    options,
    versions: Object.fromEntries(found.targets.map(({ name, version }) => [name, version])),
    missing: found.missing,
    configurations: stage.digests,
  };
}

function commit(): string {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=12'];
    return execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}

export class Results {
  readonly file: string;

  /** A new file, named after the benchmark and the time. */
  constructor(benchmark: string) {
    mkdirSync(FOLDER, { recursive: true });
    this.file = join(FOLDER, `${benchmark}-${new Date().toISOString().replaceAll(':', '')}.jsonl`);
  }

  add(row: object): void {
    appendFileSync(this.file, `${JSON.stringify(row)}\n`);
  }
}

/** The lines of a file of results. Throws when it does not begin with the conditions. */
export function readResults(file: string): { conditions: Conditions; rows: unknown[] } {
  const [first, ...rest] = readFileSync(file, 'utf8').trim().split('\n');
  const conditions: Conditions = JSON.parse(first ?? '{}');
  if (conditions.kind !== 'conditions') throw new Error(`${file} is no file of results`);
  return { conditions, rows: rest.map((line): unknown => JSON.parse(line)) };
}

/** Says where and how: what a number is worth nothing without. */
export function printConditions(conditions: Conditions, cores = '0'): void {
  const { options, versions, missing } = conditions;
  console.log(
    `${conditions.at}, commit ${conditions.commit}; ${conditions.cpu}, ${conditions.cores} cores, Linux ${conditions.kernel}, load ${conditions.load.toFixed(1)} at the start`,
  );
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  console.log(
    `${named.join(', ')}; target on ${cores.length > 1 ? 'cores' : 'core'} ${cores}, generator and upstream on core 1`,
  );
  console.log(
    `${options.connections} connections, ${options.rounds} rounds of ${options.seconds} s, order and resampling from seed ${options.seed}`,
  );
  for (const { name, why } of missing) console.log(`left out: ${name}: ${why}`);
}
