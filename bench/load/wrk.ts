/**
 * wrk, the closed-loop generator: as many requests as the target takes on a number of connections.
 *
 * @module
 */

import { run } from '../../arena/adapters/processes.ts';

export interface WrkResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers outside 200–299, failed reads, writes, connects and timeouts: any voids the block. */
  readonly faults: string;
}

export interface WrkPlan {
  readonly url: string;
  readonly key: string;
  readonly connections: number;
  readonly seconds: number;
  readonly cores: string;
}

export async function wrk(plan: WrkPlan): Promise<WrkResult> {
  const headers = [
    `x-api-key: ${plan.key}`,
    'accept: application/json',
    'accept-encoding: gzip',
    'user-agent: wrk/4',
    'x-debug: 1',
  ];
  const output = await run(plan.cores, 'wrk', [
    '--threads=1',
    `--connections=${plan.connections}`,
    `--duration=${plan.seconds}s`,
    '--latency',
    ...headers.flatMap((header) => ['--header', header]),
    plan.url,
  ]);
  return parse(output);
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function milliseconds(text: string | undefined): number {
  const [, value, unit = ''] = /^([\d.]+)(us|ms|s|m)$/.exec(text ?? '') ?? [];
  return Number(value) * (UNIT_MS[unit] ?? Number.NaN);
}

function parse(output: string): WrkResult {
  const find = (pattern: RegExp): string | undefined => pattern.exec(output)?.[1];
  const faults = output.match(/^\s*(?:Non-2xx.*|Socket errors.*)$/gm) ?? [];
  const result = {
    requests: Number(find(/(\d+) requests in/)),
    perSecond: Number(find(/Requests\/sec:\s+([\d.]+)/)),
    p50Ms: milliseconds(find(/^\s+50%\s+(\S+)/m)),
    p99Ms: milliseconds(find(/^\s+99%\s+(\S+)/m)),
    faults: faults.map((line) => line.trim()).join('; '),
  };
  if (Object.values(result).some(Number.isNaN)) throw new Error(`not understood: ${output}`);
  return result;
}
