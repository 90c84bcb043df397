/**
 * Our own open-loop client (arena/driver): requests for the small body that are due at random
 * moments of a constant mean rate, on the core of the load.
 *
 * @module
 */

import { run } from '../../arena/adapters/processes.ts';
import { LoadAnswer, readAnswer } from '../../arena/load/answers.ts';
import type { LoadSpec } from '../../arena/load/driver.ts';
import { decodeHistogram, quantileUs } from '../../arena/load/histogram.ts';
import { PROGRAM } from '../../arena/load/native.ts';
import { BODY_BYTES, CALLER } from './stage.ts';
import { LOAD_CORE } from './targets.ts';

const WARM_UP_MS = 1000;
/** For one answer; then the client gives up, and the wait counts. */
const TIMEOUT_MS = 5000;

export interface LatencyPlan {
  readonly port: number;
  /** Requests a second, on average. */
  readonly rate: number;
  /** Seconds that are measured, after a second of warm-up. */
  readonly seconds: number;
  readonly connections: number;
  /** Decides when requests are due. */
  readonly seed: number;
}

/** What the client prints. */
export interface LatencyResult {
  readonly due: number;
  readonly answered: number;
  /** Answers that were no 200 of the right length, lost connections, and what was given up. */
  readonly faults: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  /** By how much the client itself noticed late that a request was due. */
  readonly lagP99Us: number;
}

function specOf({ port, rate, seconds, connections, seed }: LatencyPlan): LoadSpec {
  return {
    host: '127.0.0.1',
    port,
    requests: [
      {
        method: 'GET',
        path: '/api/small',
        headers: {
          'x-api-key': CALLER.key,
          accept: 'application/json',
          'accept-encoding': 'gzip',
          'user-agent': 'open-loop',
          'x-debug': '1',
        },
        bodyBytes: 0,
      },
    ],
    connections,
    mode: 'open',
    ratePerS: Math.round(rate),
    arrivals: 'poisson',
    warmUpMs: WARM_UP_MS,
    measureMs: seconds * 1000,
    timeoutMs: TIMEOUT_MS,
    expect: { status: 200, bodyBytes: BODY_BYTES.small },
    seed,
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** Measures one window. Rejects when the client was not built. */
export async function openLoop(plan: LatencyPlan): Promise<LatencyResult> {
  const question = `${JSON.stringify(specOf(plan))}\n`;
  const answer = readAnswer(await run(LOAD_CORE, PROGRAM, ['load'], question), LoadAnswer);
  const unexpected = answer.answered - (answer.statuses['200'] ?? 0);
  const latency = decodeHistogram(answer.latency);
  const at = (quantile: number): number => quantileUs(latency, quantile) ?? 0;
  return {
    due: answer.requests,
    answered: answer.answered,
    faults: sum(answer.errors) + unexpected,
    p50Us: at(0.5),
    p99Us: at(0.99),
    p999Us: at(0.999),
    lagP99Us: answer.lag === null ? 0 : (quantileUs(decodeHistogram(answer.lag), 0.99) ?? 0),
  };
}
