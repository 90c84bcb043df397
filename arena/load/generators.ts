/**
 * Processes that generate load, one for each set of cores, started when they are first asked.
 *
 * Bounds: one question at a time in each; 16 sets of cores.
 *
 * @module
 */

import type { z } from 'zod';

import { readAnswer } from './answers.ts';
import type { Program } from './program.ts';

const CORE_SETS_MAX = 16;

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
  async ask<Answer>(cores: string, question: object, schema: z.ZodType<Answer>): Promise<Answer> {
    const generator = this.#on(cores);
    const answer = generator.free.then(async () => {
      generator.program.tell(question);
      return readAnswer(await generator.program.line(), schema);
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
