/**
 * The native driver: arena/driver, which is the upstream, too.
 *
 * One process is the upstream and, for loads on the same cores, the generator: both in one thread,
 * so that the scheduler has nothing to decide between them. Loads on other cores have a process of
 * their own, one for each set of cores; so has everything that goes on in the background.
 *
 * Bounds: one load at a time in each process; 16 sets of cores.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import type {
  Background,
  LoadResult,
  LoadSpec,
  LoadStage,
  SlowResult,
  SlowSpec,
  SseResult,
  SseSpec,
  WebSocketResult,
  WebSocketSpec,
} from './driver.ts';
import { type Program, startProgram } from './program.ts';

/** `make .build/arena-driver/release/arena-driver` builds it from arena/driver. */
export const PROGRAM = join(
  import.meta.dirname,
  '../../../.build/arena-driver/release/arena-driver',
);
const CORE_SETS_MAX = 16;
const HOST = '127.0.0.1';

interface NativePlan {
  /** Of the upstream, and of the loads that are to share its thread. */
  readonly cores: string;
  /** What the upstream answers at `…/jwks`; none without one. */
  readonly jwksFile?: string;
}

/** One process of the driver, asked one thing after the other. */
class Generator {
  readonly #program: Program;
  #last: Promise<unknown> = Promise.resolve();

  constructor(program: Program) {
    this.#program = program;
  }

  ask<Result>(spec: object): Promise<Result> {
    const answer = this.#last.then(async () => {
      this.#program.tell(spec);
      return resultOf<Result>(await this.#program.line());
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}

function resultOf<Result>(line: string): Result {
  const result = JSON.parse(line) as Result & { readonly error?: string };
  if (result.error !== undefined) throw new Error(`the native driver refuses: ${result.error}`);
  return result;
}

/** Starts the upstream of the native driver without its generator. Rejects when it can't listen. */
export async function startUpstream({ cores, jwksFile }: NativePlan): Promise<{
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}> {
  const program = startProgram(cores, PROGRAM, ['upstream', '--port', '0', ...jwks(jwksFile)]);
  return { host: HOST, port: await listening(program), stop: program.stop };
}

function jwks(file: string | undefined): string[] {
  return file === undefined ? [] : ['--jwks', file];
}

async function listening(program: Program): Promise<number> {
  const { listening: port } = JSON.parse(await program.line()) as { readonly listening: number };
  return port;
}

/** Starts the native driver and its upstream. Rejects when the program is missing. */
export async function startNative({ cores, jwksFile }: NativePlan): Promise<LoadStage> {
  const version = execFileSync(PROGRAM, ['--version'], { encoding: 'utf8' }).trim();
  const args = ['serve', '--upstream-port', '0', ...jwks(jwksFile)];
  const program = startProgram(cores, PROGRAM, args);
  const port = await listening(program);
  const generators = new Map([[cores, new Generator(program)]]);
  const on = (wanted: string): Generator => {
    const known = generators.get(wanted);
    if (known !== undefined) return known;
    if (generators.size >= CORE_SETS_MAX) throw new Error(`more than ${CORE_SETS_MAX} core sets`);
    const generator = new Generator(startProgram(wanted, PROGRAM, ['load']));
    generators.set(wanted, generator);
    return generator;
  };
  const behind = new Set<Program>();
  const ask = async <Result>(spec: object, wanted: string): Promise<Result> =>
    on(wanted).ask<Result>(spec);
  return {
    driver: {
      name: 'native',
      version,
      run: (spec: LoadSpec, wanted) => ask<LoadResult>(spec, wanted),
      scenarios: {
        sse: (spec: SseSpec, wanted) => ask<SseResult>(spec, wanted),
        webSocket: (spec: WebSocketSpec, wanted) => ask<WebSocketResult>(spec, wanted),
        slow: (spec: SlowSpec, wanted) => inBackground<SlowResult>(spec, wanted, behind),
      },
    },
    upstream: { host: HOST, port },
    why: 'the native driver is there',
    stop: async () => {
      const own = [...generators.values()].map((generator) => generator.stop());
      const others = [...behind].map((other) => other.stop());
      await Promise.all([...own, ...others]);
    },
  };
}

/** Has a process of its own do it, which ends with it. */
function inBackground<Result>(
  spec: object,
  cores: string,
  behind: Set<Program>,
): Background<Result> {
  const program = startProgram(cores, PROGRAM, ['load']);
  behind.add(program);
  program.tell(spec);
  const result = program.line().then(async (line) => {
    await program.stop();
    behind.delete(program);
    return resultOf<Result>(line);
  });
  // Whoever stops it without looking at the result isn't to be told of its failure otherwise.
  result.catch(() => {});
  return {
    result,
    stop: () => {
      program.tell({ kind: 'stop' });
      return result;
    },
  };
}
