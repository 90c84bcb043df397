/**
 * Many cases at once against one gateway, each judged when its client is done; what arrives later
 * is held against it still.
 *
 * @module
 */

import { join } from 'node:path';

import { stopAll } from '../../support/cleanup.ts';
import { type Front, type Gateway, PROJECT, startGateway } from '../../support/gateway.ts';
import { sleep } from '../../../arena/host/wait.ts';
import { bytesOf, type Case, caseOf } from './cases.ts';
import { converse, type Patience } from './client.ts';
import { dissent, type Evidence, type Fault, faultOf, strayFault, tallyOf } from './judge.ts';
import { opinionOn } from './llhttp.ts';
import { type Reading, readingOf } from './reading.ts';
import { type Arrival, ComparingUpstream, type Watcher } from './upstream.ts';

/** Cases that are remembered after their end. */
const REMEMBERED_MAX = 32_768;
/** uWebSockets.js says nothing to some of what is no request, and closes after 10 s. */
const PATIENCE: Readonly<Record<Front, Patience>> = {
  native: { answerMs: 10_000, refusalMs: 10_000 },
  uws: { answerMs: 14_000, refusalMs: 2000 },
};
const FAULTS_MAX = 100;
const SETTLE_MS = 500;
const FIRST_ADDRESS = 0x7f_01_00_01;
const ADDRESSES = 0x00_7e_00_00;

export interface Failure {
  readonly number: number;
  readonly fault: Fault;
}

export interface Report {
  cases: number;
  /** Cases of which at least one request reached the upstream. */
  forwarded: number;
  /** Requests at the upstream. */
  arrivals: number;
  /** Answers with 200. */
  served: number;
  /** Requests at the upstream whose client left before the answer. */
  cutByClient: number;
  /** The same, when the gateway closed. */
  cutByGateway: number;
  /** Other final answers. */
  refused: number;
  /** Cases that ended without a word to what is no request. */
  silent: number;
  /** Forwarded cases in which node's reader refuses what the gateway took. */
  abstained: number;
  failures: Failure[];
}

export interface Plan {
  readonly front: Front;
  readonly seed: number;
  /** Number of the first case. */
  readonly from: number;
  readonly cases: number;
  readonly connections: number;
}

const METHODS = 'methods: [GET, POST, PUT, HEAD, DELETE, OPTIONS, PATCH, PROPFIND, REPORT]';
const OPEN_POLICY = join(PROJECT, 'test/policy/rules/open.rego');

/** About every seventh request waits for a policy, which sees a little of its body and admits it. */
function yaml(url: string): string {
  return `
limits: { bodyMaxBytes: 262144 }
upstreams:
  up:
    endpoints: [{ url: "${url}" }]
    timeouts: { connectMs: 5000, responseMs: 20000, idleMs: 20000 }
policies:
  open:
    source: { rego: { files: ["${OPEN_POLICY}"] } }
    entrypoint: cases/open/decision
    timeoutMs: 2000
routes:
  - name: all
    match: { path: /*, ${METHODS} }
    upstream: up
  - name: paused
    match: { path: /a/*, ${METHODS} }
    upstream: up
    policy: { name: open, bodyMaxBytes: 1024 }
`;
}

interface Attempt {
  readonly one: Case;
  readonly reading: Reading;
  readonly arrivals: Arrival[];
  over: 'left' | 'done' | null;
}

function addressOf(index: number): string {
  const value = FIRST_ADDRESS + (index % ADDRESSES);
  return [24, 16, 8, 0].map((shift) => (value >> shift) & 0xff).join('.');
}

function nothing(): Report {
  return {
    cases: 0,
    forwarded: 0,
    arrivals: 0,
    served: 0,
    cutByClient: 0,
    cutByGateway: 0,
    refused: 0,
    silent: 0,
    abstained: 0,
    failures: [],
  };
}

export class Run implements Watcher {
  #report = nothing();
  readonly #attempts = new Map<string, Attempt>();
  readonly #remembered: string[] = [];
  readonly #front: Front;
  #upstream: ComparingUpstream | null = null;
  #gateway: Gateway | null = null;
  #started = 0;

  private constructor(front: Front) {
    this.#front = front;
  }

  static async start(front: Front): Promise<Run> {
    const run = new Run(front);
    run.#upstream = await ComparingUpstream.start(run);
    try {
      run.#gateway = await startGateway(yaml(run.#upstream.url), { front });
      return run;
    } catch (error) {
      await run.#upstream.stop();
      throw error;
    }
  }

  /** Rejects when a worker died. */
  async stop(): Promise<void> {
    await stopAll(this.#gateway, this.#upstream);
  }

  async panics(): Promise<number> {
    return (await this.#gateway?.metric('stoa_panics_total')) ?? 0;
  }

  /** All cases of the plan, so many at a time; what a client left behind has time to arrive. */
  async all(plan: Plan, onCase: (report: Report) => void = () => {}): Promise<Report> {
    this.#report = nothing();
    const report = this.#report;
    const end = plan.from + plan.cases;
    let next = plan.from;
    const drive = async () => {
      while (next < end && report.failures.length < FAULTS_MAX) {
        const number = next++;
        const fault = await this.attempt(caseOf(plan.seed, number));
        if (fault !== null) report.failures.push({ number, fault });
        onCase(report);
      }
    };
    await Promise.all(Array.from({ length: plan.connections }, drive));
    await sleep(SETTLE_MS);
    this.#report = nothing();
    return report;
  }

  /** One case; what is wrong about it. */
  async attempt(one: Case): Promise<Fault | null> {
    const bytes = bytesOf(one);
    const attempt: Attempt = { one, reading: readingOf(bytes), arrivals: [], over: null };
    const { reading, arrivals } = attempt;
    const localAddress = addressOf(this.#started++);
    this.#attempts.set(localAddress, attempt);
    const patience = PATIENCE[this.#front];
    const place = { port: this.#gateway?.port ?? 0, localAddress, patience };
    const heard = await converse(place, one, reading);
    attempt.over = heard.ended === 'left' ? 'left' : 'done';
    this.#remember(localAddress);

    const evidence = { reading, arrivals, heard };
    this.#count(evidence);
    const fault = faultOf(evidence, this.#front);
    if (fault !== null || arrivals.length === 0) return fault;
    const second = dissent(await opinionOn(bytes), { ...evidence, arrivals: [...arrivals] });
    if (second?.abstains === true) this.#report.abstained += 1;
    return second?.fault ?? null;
  }

  arrived(client: string, arrival: Arrival): void {
    this.#report.arrivals += 1;
    const attempt = this.#attempts.get(client);
    if (attempt === undefined) {
      this.fault(`unknown: a request of ${client}`);
      return;
    }
    attempt.arrivals.push(arrival);
    if (attempt.over === null) return;
    if (attempt.over === 'left') this.#report.cutByClient += 1;
    else this.#report.cutByGateway += 1;
    const fault =
      strayFault(attempt.reading, attempt.arrivals, this.#front) ?? this.#lateFault(attempt);
    if (fault !== null) this.#report.failures.push({ number: attempt.one.number, fault });
  }

  fault(what: string): void {
    this.#report.failures.push({ number: -1, fault: what });
  }

  #lateFault({ over }: Attempt): Fault | null {
    return over === 'left' || this.#front === 'uws' ? null : 'late: arrived after the conversation';
  }

  #count(evidence: Evidence): void {
    const { heard, arrivals } = evidence;
    const { served, cut } = tallyOf(evidence);
    const report = this.#report;
    report.cases += 1;
    report.served += served;
    report.refused += heard.answers.length - served;
    if (arrivals.length > 0) report.forwarded += 1;
    if (heard.ended === 'gave up') report.silent += 1;
    if (heard.ended === 'left') report.cutByClient += cut;
    else report.cutByGateway += cut;
  }

  #remember(address: string): void {
    this.#remembered.push(address);
    if (this.#remembered.length <= REMEMBERED_MAX) return;
    this.#attempts.delete(this.#remembered.shift() ?? '');
  }
}
