/**
 * Instructions of one repetition of a piece of the native hot path, counted by callgrind.
 *
 * The program (bench/gate/instructions) runs with N and with 2N repetitions: the difference is N
 * repetitions, without start and setting up. What is left to chance are the seeds of hash maps,
 * less than 0.1 %. SHA-256 is counted in software, since valgrind shows no such instructions to it.
 *
 * Unit: instructions. Source: Valgrind manual, chapter 6, "Collected".
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type Build, type BuildPlace, logged } from '../builds/builds.ts';
import { internalFailure } from '../failure.ts';

const REPETITIONS = 2000;
const RUN_TIMEOUT_MS = 120_000;
const PROGRAM = 'bench/gate/instructions';
/** Beside it, so that its path to native/core is the same. */
const COPY = '.build/gate/instructions';

/** Instructions of a repetition by scenario. */
export type Instructions = Readonly<Record<string, number>>;

export interface Counted {
  readonly instructions: Instructions;
  /** Which program was built against it: head's, or its own where that does not compile. */
  readonly program: 'head' | 'own';
}

/** The number of a `Collected : N` line. Throws when there is none. */
export function collected(output: string): number {
  const [, digits] = /^==\d+== Collected : (\d+)$/m.exec(output) ?? [];
  if (digits === undefined) throw internalFailure(`callgrind counted nothing: ${output}`);
  return Number(digits);
}

/** Counts every scenario of `build`, with the program as `head` has it, where that compiles. */
export async function countInstructions(
  place: BuildPlace,
  build: Build,
  head: Build,
): Promise<Counted> {
  const copy = join(build.folder, COPY);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(join(copy, '..'), { recursive: true });
  cpSync(join(head.folder, PROGRAM), copy, { recursive: true });
  const built = await compile(place, build, copy);
  if (built === null) return { instructions: await countAll(place), program: 'head' };
  const own = join(build.folder, PROGRAM);
  const ownBuilt = existsSync(own) ? await compile(place, build, own) : built;
  if (ownBuilt === null) return { instructions: await countAll(place), program: 'own' };
  throw internalFailure(ownBuilt);
}

/** Null when it compiled, else why not. */
async function compile(place: BuildPlace, build: Build, crate: string): Promise<string | null> {
  const log = join(place.cache, 'builds', `${build.commit}.log`);
  const args = ['build', '--release', '--locked', '--target-dir', place.cargoTarget];
  const ended = await logged(log, crate, 'cargo', args);
  if (ended !== 0) return `the program to count with does not compile against it; log: ${log}`;
  // A model that its native code does not know shows only when it runs.
  const runs = await run(binaryOf(place), ['decide', '1']).then(
    () => true,
    () => false,
  );
  return runs ? null : 'the program to count with does not run against it';
}

function binaryOf(place: BuildPlace): string {
  return join(place.cargoTarget, 'release/instructions');
}

async function countAll(place: BuildPlace): Promise<Instructions> {
  const binary = binaryOf(place);
  const names = (await run(binary, ['--list'])).stdout.trim().split('\n');
  const counts: Record<string, number> = {};
  for (const name of names) {
    const [once, twice] = await Promise.all([
      countOne(binary, name, REPETITIONS),
      countOne(binary, name, 2 * REPETITIONS),
    ]);
    counts[name] = (twice - once) / REPETITIONS;
  }
  return counts;
}

/** Instructions of one whole run. */
export async function countOne(
  binary: string,
  scenario: string,
  repetitions: number,
): Promise<number> {
  const flags = ['--tool=callgrind', '--callgrind-out-file=/dev/null'];
  const { stderr } = await run('valgrind', [...flags, binary, scenario, `${repetitions}`]);
  return collected(stderr);
}

/** Without an environment: its size moves the stack, and with it some counts. */
function run(
  command: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const env = { PATH: process.env['PATH'] };
  return promisify(execFile)(command, args, { env, timeout: RUN_TIMEOUT_MS, encoding: 'utf8' });
}
