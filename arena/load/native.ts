/**
 * The native driver: arena/driver, which is the upstream, too.
 *
 * One process is the upstream and, for loads on the same cores, the generator: both in one thread,
 * so that the scheduler has nothing to decide between them. Loads on other cores have a process of
 * their own, one for each set of cores; so has everything that goes on in the background.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import {
  Listening,
  LoadAnswer,
  readAnswer,
  SlowAnswer,
  SseAnswer,
  WebSocketAnswer,
} from './answers.ts';
import type { Background, LoadStage, SlowResult, SlowSpec } from './driver.ts';
import { Generators } from './generators.ts';
import { type Program, startProgram } from './program.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** As the Makefile names it, which builds it from arena/driver. */
export const GOAL = '.build/arena-driver/release/arena-driver';
export const PROGRAM = join(ROOT, GOAL);
const PORTABLE_UPSTREAM = join(import.meta.dirname, 'portable-upstream.js');
const HOST = '127.0.0.1';

export interface NativePlan {
  /** Of the upstream, and of the loads that are to share its thread; as taskset names them. */
  readonly cores: string;
  /** What the upstream answers at `…/jwks`; none without one. */
  readonly jwksFile?: string;
}

export interface Upstream {
  readonly program: Program;
  readonly host: string;
  readonly port: number;
}

async function whenListening(program: Program): Promise<Upstream> {
  const { listening: port } = readAnswer(await program.line(), Listening);
  return { program, host: HOST, port };
}

function serving({ cores, jwksFile }: NativePlan, words: readonly string[]): Promise<Upstream> {
  const jwks = jwksFile === undefined ? [] : ['--jwks', jwksFile];
  return whenListening(startProgram(cores, PROGRAM, [...words, ...jwks]));
}

/** Starts the upstream alone. Rejects when the program is missing. */
export async function startUpstream(plan: NativePlan): Promise<Upstream> {
  return serving(plan, ['upstream', '--port', '0']);
}

/** Starts the upstream that needs nothing but Node, and can do all but WebSocket. */
export async function startPortableUpstream({ cores, jwksFile }: NativePlan): Promise<Upstream> {
  const jwks = jwksFile === undefined ? [] : [jwksFile];
  return whenListening(startProgram(cores, process.execPath, [PORTABLE_UPSTREAM, ...jwks]));
}

/** Starts the native driver and its upstream. Rejects when the program is missing. */
export async function startNative(plan: NativePlan): Promise<LoadStage> {
  const { program, host, port } = await serving(plan, ['serve', '--upstream-port', '0']);
  const start = (cores: string): Program => startProgram(cores, PROGRAM, ['load']);
  const generators = new Generators(start);
  generators.adopt(plan.cores, program);
  const behind = new Set<Program>();
  return {
    driver: {
      name: 'native',
      version: execFileSync(PROGRAM, ['--version'], { encoding: 'utf8' }).trim(),
      run: (spec, cores) => generators.ask(cores, spec, LoadAnswer),
      scenarios: {
        sse: (spec, cores) => generators.ask(cores, spec, SseAnswer),
        webSocket: (spec, cores) => generators.ask(cores, spec, WebSocketAnswer),
        slow: (spec, cores) => inBackground(spec, start(cores), behind),
      },
    },
    upstream: { host, port },
    why: 'the native driver is there',
    stop: async () => {
      await Promise.all([generators.stop(), ...[...behind].map((other) => other.stop())]);
    },
  };
}

/** Has a process of its own do it, which ends with it. */
function inBackground(
  spec: SlowSpec,
  program: Program,
  behind: Set<Program>,
): Background<SlowResult> {
  behind.add(program);
  program.tell(spec);
  const finish = async (): Promise<SlowResult> => {
    try {
      return readAnswer(await program.line(), SlowAnswer);
    } finally {
      await program.stop();
      behind.delete(program);
    }
  };
  const result = finish();
  // Who never looks at the result is not to be ended by its failure.
  result.catch(() => {});
  return {
    result,
    stop: () => {
      program.tell({ kind: 'stop' });
      return result;
    },
  };
}
