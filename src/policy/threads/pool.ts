/**
 * An engine of threads of this process, all with the same policy.
 *
 * Bounds: `threads`, `queueMax` evaluations that wait; `timeoutMs` from an evaluation's start, and
 * as long for its wait. A thread that exceeds its time or its heap is ended and replaced; an
 * evaluation that only waited too long costs nobody a thread. Every policy has threads of its own,
 * so that none delays another.
 *
 * @module
 */

import { Piscina } from 'piscina';

import { type Answer, answerOf, type Engine, failed, messageOf } from '../engine.ts';
import { msSince, type Outcome, type Task, type ThreadPolicy } from './task.ts';

export interface PoolBounds {
  readonly threads: number;
  readonly queueMax: number;
  readonly timeoutMs: number;
  readonly memoryMaxBytes: number;
}

/** A thread that starts has to compile; and a machine at its start is busy. */
const LOAD_TIMEOUT_MS = 15_000;
const BYTES_PER_MIB = 1_048_576;
/** What a thread's JavaScript needs before it has evaluated anything. */
const HEAP_MIN_MIB = 16;

interface ThreadPool extends Engine {
  /** Ends the threads as a crash would. Returns how many. */
  crash(): Promise<number>;
}

/**
 * Rejects when the policy can't be loaded, with a sentence that says why. `measured` is told what
 * each evaluation has cost its thread, in microseconds.
 */
export async function openPool(
  rules: ThreadPolicy['rules'],
  bounds: PoolBounds,
  measured: (costUs: number) => void = () => {},
): Promise<ThreadPool> {
  const slots = bounds.threads + bounds.queueMax;
  const started = new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT);
  const workerData: ThreadPolicy = { rules, started };
  const threads = new Piscina<Task, Outcome>({
    filename: new URL('thread.js', import.meta.url).href,
    name: 'evaluate',
    minThreads: bounds.threads,
    maxThreads: bounds.threads,
    // The slots are the bound. Without a queue, piscina evaluates what it has refused, and nobody watches.
    maxQueue: slots,
    recordTiming: false,
    env: {},
    execArgv: [],
    workerData,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.max(HEAP_MIN_MIB, bounds.memoryMaxBytes / BYTES_PER_MIB),
    },
  });
  // A thread that ends between two evaluations is replaced; there is nobody to tell.
  threads.on('error', () => {});
  const pool = new Evaluations(threads, new Int32Array(started), bounds.timeoutMs, measured);
  const problem = await pool.load();
  if (problem !== null) {
    await threads.destroy();
    throw new Error(problem);
  }
  return {
    ask: (input) => pool.ask(input),
    // Not piscina's own close: it waits for threads that have not started, and not for all that have.
    close: async () => {
      await pool.finish();
      await threads.destroy();
    },
    crash: async () =>
      (await Promise.all(threads.threads.map((thread) => thread.terminate()))).length,
  };
}

type Run = { readonly ok: true; readonly outcome: Outcome } | ReturnType<typeof failed>;

class Evaluations {
  readonly #threads: Piscina<Task, Outcome>;
  readonly #started: Int32Array;
  readonly #timeoutMs: number;
  readonly #measured: (costUs: number) => void;
  readonly #free: number[];
  readonly #underWay = new Set<Promise<Run>>();
  #isClosed = false;

  constructor(
    threads: Piscina<Task, Outcome>,
    started: Int32Array,
    timeoutMs: number,
    measured: (costUs: number) => void,
  ) {
    this.#threads = threads;
    this.#started = started;
    this.#timeoutMs = timeoutMs;
    this.#measured = measured;
    this.#free = Array.from(started.keys());
  }

  /** Takes no more; resolves when what was asked is answered, each within its own time. */
  async finish(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#underWay);
  }

  /** Null, or why the policy can't be used. */
  async load(): Promise<string | null> {
    const run = await this.#run(null, LOAD_TIMEOUT_MS);
    if ('kind' in run) return run.detail;
    return run.outcome.ok ? null : run.outcome.problem;
  }

  async ask(input: string): Promise<Answer> {
    if (this.#isClosed) return failed('unavailable', 'the policy is closed');
    const running = this.#run(input, this.#timeoutMs);
    this.#underWay.add(running);
    const run = await running;
    this.#underWay.delete(running);
    if ('kind' in run) return run;
    const { outcome } = run;
    if (!outcome.ok) return failed(outcome.why, outcome.problem);
    this.#measured(outcome.costUs);
    return answerOf(outcome.json);
  }

  async #run(input: string | null, timeoutMs: number): Promise<Run> {
    const slot = this.#free.pop();
    if (slot === undefined) return queueFull();
    this.#started[slot] = 0;
    const abort = new AbortController();
    const watch = this.#watch(slot, timeoutMs, abort);
    try {
      return {
        ok: true,
        outcome: await this.#threads.run({ slot, input }, { signal: abort.signal }),
      };
    } catch (error) {
      if (abort.signal.aborted) return failed('timeout', String(abort.signal.reason));
      return this.#failure(error);
    } finally {
      watch.end();
      this.#free.push(slot);
    }
  }

  /** Ends an evaluation `timeoutMs` after its start, or when it has waited so long for one. */
  #watch(slot: number, timeoutMs: number, abort: AbortController): { end(): void } {
    let timer = setTimeout(check, timeoutMs, this.#started);
    function check(started: Int32Array): void {
      const start = Atomics.load(started, slot);
      const leftMs = start === 0 ? 0 : timeoutMs - msSince(start);
      if (leftMs > 0) timer = setTimeout(check, leftMs, started);
      else if (start === 0) abort.abort(`no thread had time for it within ${timeoutMs} ms`);
      else abort.abort(`took longer than ${timeoutMs} ms; its thread was ended`);
    }
    return { end: () => clearTimeout(timer) };
  }

  #failure(error: unknown): ReturnType<typeof failed> {
    const message = messageOf(error);
    if (/queue/i.test(message)) return queueFull();
    if (/memory/i.test(message)) return failed('error', 'more memory than the policy may have');
    if (/worker|thread/i.test(message)) return failed('error', 'its thread ended');
    return failed('unavailable', message);
  }
}

function queueFull(): ReturnType<typeof failed> {
  return failed('queue_full', 'as many evaluations wait as may');
}
