/**
 * The process in which autocannon runs: reads a `LoadSpec` a line, answers a `LoadResult` a line.
 *
 * Unit of latency: microseconds, from autocannon's floating-point milliseconds. Only requests sent
 * in the measured part count.
 *
 * @module
 */

import type { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';

import autocannon from 'autocannon';

import { LoadQuestion } from './answers.ts';
import type { LoadResult } from './driver.ts';
import { emptyHistogram, encodeHistogram, recordUs } from './histogram.ts';

/** How often autocannon looks whether it is over. */
const SAMPLE_MS = 10;

/** What became of the requests of the measured part. */
class Tally {
  readonly #spec: LoadQuestion;
  readonly #from: number;
  readonly #latency = emptyHistogram();
  readonly #statuses: Record<string, number> = {};
  readonly #errors: Record<string, number> = {};
  #answered = 0;
  #lost = 0;

  constructor(spec: LoadQuestion, from: number) {
    this.#spec = spec;
    this.#from = from;
  }

  get isFull(): boolean {
    return this.#answered + this.#lost >= (this.#spec.requestsMax ?? Number.POSITIVE_INFINITY);
  }

  answer(status: number, durationMs: number): void {
    if (performance.now() - durationMs < this.#from || this.isFull) return;
    this.#answered += 1;
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    recordUs(this.#latency, durationMs * 1000);
  }

  /** An answer of the right status has another length. */
  mismatch(): void {
    if (performance.now() >= this.#from) this.#count('body');
  }

  fault(kind: 'connect' | 'reset' | 'timeout'): void {
    if (performance.now() < this.#from || this.isFull) return;
    this.#count(kind);
    this.#lost += 1;
    // As long as that, at least, it would have taken.
    if (kind === 'timeout') recordUs(this.#latency, timeoutS(this.#spec) * 1_000_000);
  }

  result(elapsedMs: number, cpuUs: number): LoadResult {
    return {
      requests: this.#answered + this.#lost,
      answered: this.#answered,
      elapsedMs,
      statuses: this.#statuses,
      errors: this.#errors,
      latency: encodeHistogram(this.#latency),
      lag: null,
      cpuUs,
    };
  }

  #count(kind: string): void {
    this.#errors[kind] = (this.#errors[kind] ?? 0) + 1;
  }
}

/** In whole seconds, as autocannon has it. */
function timeoutS({ timeoutMs }: LoadQuestion): number {
  return Math.ceil(timeoutMs / 1000);
}

function optionsOf(spec: LoadQuestion): autocannon.Options {
  const { requestsMax, ratePerS, connections } = spec;
  const options: autocannon.Options = {
    url: `http://${spec.host}:${spec.port}`,
    connections,
    duration: (spec.warmUpMs + spec.measureMs) / 1000,
    timeout: timeoutS(spec),
    sampleInt: SAMPLE_MS,
    requests: spec.requests.map(({ method, path, headers, bodyBytes }) => ({
      method,
      path,
      headers: { ...headers },
      ...(bodyBytes > 0 ? { body: 'x'.repeat(bodyBytes) } : {}),
    })),
  };
  if (requestsMax !== undefined && spec.warmUpMs === 0) {
    options.amount = requestsMax;
    options.connections = Math.min(connections, requestsMax);
  }
  if (spec.mode === 'open') {
    if (ratePerS === undefined) throw new Error('ratePerS: an open loop needs one');
    options.overallRate = ratePerS;
    // Its correction makes up samples; only what was measured is recorded.
    options.ignoreCoordinatedOmission = true;
  }
  return options;
}

async function runLoad(spec: LoadQuestion): Promise<LoadResult> {
  const from = performance.now() + spec.warmUpMs;
  const tally = new Tally(spec, from);
  let cpu = process.cpuUsage();
  const warm = setTimeout(() => {
    cpu = process.cpuUsage();
  }, spec.warmUpMs);
  let status = 0;
  const options = {
    ...optionsOf(spec),
    // Called right after the event of the same response.
    verifyBody: (body: string | Buffer = '') => {
      const expected = Buffer.byteLength(body) === spec.expect.bodyBytes;
      if (status === spec.expect.status && !expected) tally.mismatch();
      return true;
    },
    setupClient: (client: EventEmitter) => {
      client.on('timeout', () => tally.fault('timeout'));
      client.on('connError', ({ code }: NodeJS.ErrnoException) => {
        tally.fault(code === 'ECONNREFUSED' ? 'connect' : 'reset');
      });
    },
  };
  await new Promise<void>((resolve, reject) => {
    const instance = autocannon(options, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
    instance.on('response', (_client, code, _bytes, durationMs) => {
      status = code;
      tally.answer(code, durationMs);
      if (tally.isFull) instance.stop?.();
    });
  });
  clearTimeout(warm);
  const { user, system } = process.cpuUsage(cpu);
  return tally.result(performance.now() - from, user + system);
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer: object;
  try {
    answer = await runLoad(LoadQuestion.parse(JSON.parse(line)));
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
