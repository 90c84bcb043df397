/**
 * Nothing lost, nothing mixed up: many connections, random delays, sizes from 0 B to 1 MiB,
 * clients that give up and upstreams that reset; every byte is checked against its request.
 *
 * As a program: `node dist/test/soak/mixups.js [requests] [connections] [seed]`, one million
 * requests over 64 connections if nothing is said; exit code 1 when anything was lost, mixed up
 * or kept in memory.
 *
 * @module
 */

import { fileURLToPath } from 'node:url';

import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { sleep } from '../../arena/host/wait.ts';
import { MixClient } from './mix-client.ts';
import { MixUpstream } from './mix-upstream.ts';
import { seededRandom } from './pattern.ts';
import { type Plan, planOf } from './plan.ts';

const SAMPLE_MS = 100;
/** Faults kept to be shown. */
const SHOWN_MAX = 20;

export interface MixOptions {
  readonly requests: number;
  readonly connections: number;
  readonly seed: number;
  readonly workers?: number;
  readonly onProgress?: (done: number) => void;
}

export interface MixReport {
  readonly requests: number;
  readonly mixups: number;
  readonly lost: number;
  /** Requests that the upstream saw more often than is safe. */
  readonly repeated: number;
  /** The first faults, in words. */
  readonly faults: readonly string[];
  /** Resident memory of the workers after a fifth of the requests, and its maximum after that. */
  readonly earlyBytes: number;
  readonly lateMaxBytes: number;
}

function yaml(url: string): string {
  return `
upstreams:
  mix:
    endpoints: [{ url: "${url}" }]
    timeouts: { connectMs: 5000, responseMs: 25000, idleMs: 25000 }
routes:
  - { name: mix, match: { path: /mix/* }, upstream: mix }
`;
}

class Run {
  mixups = 0;
  lost = 0;
  repeated = 0;
  done = 0;
  readonly faults: string[] = [];
  readonly #options: MixOptions;
  readonly #upstream: MixUpstream;
  readonly #random: () => number;
  #next = 0;

  constructor(options: MixOptions, upstream: MixUpstream) {
    this.#options = options;
    this.#upstream = upstream;
    this.#random = seededRandom(options.seed);
  }

  get finished(): boolean {
    return this.done >= this.#options.requests;
  }

  async drive(client: MixClient): Promise<void> {
    while (this.#next < this.#options.requests) {
      const plan = planOf(this.#next++, this.#random);
      await this.#one(client, plan);
      this.done += 1;
      if (this.done % 1000 === 0) this.#options.onProgress?.(this.done);
    }
    client.close();
  }

  async #one(client: MixClient, plan: Plan): Promise<void> {
    const fault = await client.run(plan);
    if (fault !== null) {
      if (fault.kind === 'mixup') this.mixups += 1;
      else this.lost += 1;
      this.#note(`${fault.kind}: ${fault.what}`);
    }
    const arrivals = this.#upstream.arrivals.get(plan.id) ?? 0;
    this.#upstream.arrivals.delete(plan.id);
    // A GET may be sent once more when a pooled connection turns out to be stale; nothing else.
    const arrivalsMax = plan.uploadBytes === null && plan.fate === 'reset-early' ? 2 : 1;
    if (arrivals > arrivalsMax) {
      this.repeated += 1;
      this.#note(`repeated: ${arrivals} × ${plan.id}, ${plan.fate}`);
    }
  }

  #note(what: string): void {
    if (this.faults.length < SHOWN_MAX) this.faults.push(what);
  }
}

async function watchMemory(gateway: Gateway, run: Run, requests: number) {
  let earlyBytes = 0;
  let lateMaxBytes = 0;
  while (!run.finished) {
    const bytes = gateway.workerBytes();
    if (run.done < requests / 5) earlyBytes = Math.max(earlyBytes, bytes);
    else lateMaxBytes = Math.max(lateMaxBytes, bytes);
    await sleep(SAMPLE_MS);
  }
  return { earlyBytes, lateMaxBytes };
}

export async function runMixups(options: MixOptions): Promise<MixReport> {
  const upstream = await MixUpstream.start();
  const gateway = await startGateway(yaml(upstream.url), { workers: options.workers ?? 1 });
  try {
    const run = new Run(options, upstream);
    const clients = Array.from({ length: options.connections }, () => new MixClient(gateway.port));
    const memory = watchMemory(gateway, run, options.requests);
    await Promise.all(clients.map((client) => run.drive(client)));
    const { mixups, lost, repeated, faults } = run;
    return {
      requests: run.done,
      mixups: mixups + upstream.mixups.length,
      lost,
      repeated,
      faults: [...faults, ...upstream.mixups.slice(0, SHOWN_MAX)],
      ...(await memory),
    };
  } finally {
    await stopAll(gateway, upstream);
  }
}

function printProgress(done: number): void {
  if (done % 50_000 === 0) console.log(`${done} requests`);
}

async function main([requests, connections, seed]: readonly number[]): Promise<void> {
  const options = {
    requests: requests ?? 1_000_000,
    connections: connections ?? 64,
    seed: seed ?? Date.now() % 1_000_000,
  };
  console.log(JSON.stringify(options));
  const report = await runMixups({ ...options, workers: 2, onProgress: printProgress });
  console.log(JSON.stringify(report, null, 2));
  const { mixups, lost, repeated } = report;
  process.exitCode = mixups + lost + repeated === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(process.argv.slice(2).map(Number));
