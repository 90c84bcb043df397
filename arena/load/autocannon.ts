/**
 * The portable driver: autocannon, in a process of its own that can be pinned and measured.
 *
 * It offers less, and says so. Its open loop is none: `overallRate` is shared out between the
 * connections, each of which sends its share of a second one after the other as answers come, so
 * a stall is in fewer latencies than it should be; these count from sending, lateness is not known
 * (`lag` is null), and arrivals are neither Poisson nor even. What is on its way at the end is not
 * counted, nor is an exchange whose connection the target ends in order. Timeouts are rounded up to
 * whole seconds. Churn, HEAD, streams of events and WebSocket are beyond it.
 *
 * @module
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';

import { z } from 'zod';

import { LoadAnswer } from './answers.ts';
import type { Driver, LoadResult, LoadSpec } from './driver.ts';
import { Generators } from './generators.ts';
import { startProgram } from './program.ts';

const WORKER = join(import.meta.dirname, 'autocannon-worker.js');
const Package = z.object({ version: z.string() });

export interface Autocannon {
  readonly driver: Driver;
  stop(): Promise<void>;
}

/** What it can't do of a load, and would silently do otherwise; empty when it can. */
function beyond(spec: LoadSpec): string {
  if (spec.churn === true) return 'a new connection for every request (churn)';
  if (spec.requests.some(({ method }) => method === 'HEAD')) return 'HEAD';
  return '';
}

export function startAutocannon(): Autocannon {
  const generators = new Generators((cores) => startProgram(cores, process.execPath, [WORKER]));
  const manifest: unknown = createRequire(import.meta.url)('autocannon/package.json');
  const run = async (spec: LoadSpec, cores: string): Promise<LoadResult> => {
    const what = beyond(spec);
    if (what !== '') throw new Error(`autocannon can't do ${what}: use the native driver`);
    return generators.ask(cores, spec, LoadAnswer);
  };
  return {
    driver: { name: 'autocannon', version: Package.parse(manifest).version, run },
    stop: () => generators.stop(),
  };
}
