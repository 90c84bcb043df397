/**
 * Processes that generate load, one for each set of cores, started when they are first asked.
 *
 * Bounds: one question at a time in each; 16 sets of cores; a process that has no answer long
 * after it should is ended.
 *
 * @module
 */

import type { z } from 'zod';

import { readAnswer } from './answers.ts';
import type { LoadSpec, SseSpec, WebSocketSpec } from './driver.ts';
import type { Program } from './program.ts';

const CORE_SETS_MAX = 16;
/** Given to a process beyond what it was asked for. */
const GRACE_MS = 30_000;

type Question = LoadSpec | SseSpec | WebSocketSpec;

/** What a question may take: to connect, to be carried out, to settle, and grace. */
function longestMs(question: Question): number {
  const workMs =
    question.kind === 'sse'
      ? question.spreadMs + question.events * question.intervalMs
      : question.warmUpMs + question.measureMs;
  return workMs + 3 * question.timeoutMs + GRACE_MS;
}

interface Generator {
  readonly program: Program;
  /** Settles when it is free. */
  free: Promise<unknown>;
}

export class Generators {
  readonly #start: (cores: string) => Program;
  readonly #byCores = new Map<string, Generator>();

  constructor(start: (cores: string) => Program) {
    this.#start = start;
  }

  /** Gives the loads on `cores` a process that is there already. */
  adopt(cores: string, program: Program): void {
    this.#byCores.set(cores, { program, free: Promise.resolve() });
  }

  /** Asks the process on `cores`. Rejects when it refuses, or has ended. */
  async ask<Answer>(cores: string, question: Question, schema: z.ZodType<Answer>): Promise<Answer> {
    const generator = this.#on(cores);
    const answer = generator.free.then(async () => {
      generator.program.tell(question);
      const patience = setTimeout(() => {
        // Its end rejects the wait for its line.
        void generator.program.stop();
      }, longestMs(question));
      const line = await generator.program.line().finally(() => clearTimeout(patience));
      return readAnswer(line, schema);
    });
    generator.free = answer.catch(() => {});
    return answer;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#byCores.values()].map(({ program }) => program.stop()));
  }

  #on(cores: string): Generator {
    const known = this.#byCores.get(cores);
    if (known?.program.alive() === true) return known;
    if (known === undefined && this.#byCores.size >= CORE_SETS_MAX) {
      throw new Error(`loads on more than ${CORE_SETS_MAX} sets of cores`);
    }
    this.adopt(cores, this.#start(cores));
    return this.#on(cores);
  }
}
