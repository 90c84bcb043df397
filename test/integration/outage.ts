/**
 * Kafka is stopped under load, everything of the gateway is killed meanwhile, and Kafka comes back: what was answered is
 * what Kafka holds, by the identifiers of the requests.
 *
 * As a program: `node dist/test/integration/outage.js [minutes] [requests a second]`, 10 and 300 if nothing is said; exit
 * code 1 when an event is missing, strange or doubled under another id, or a request failed that no kill explains.
 * A worker is killed (-9) after a third of the outage, everything after a half and started again at once, the shipper eight
 * times while it catches up.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isAlive, processesNamed, signal } from '../../arena/host/processes.ts';
import { sleep, until } from '../../arena/host/wait.ts';
import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { KafkaBroker } from '../support/kafka.ts';
import { readTopic, topicLength } from '../support/kafka-topic.ts';
import { faultsOf, type Kill, type Reckoning, reckon } from './reckoning.ts';
import { SteadyLoad } from './steady-load.ts';

/** With Kafka, before and after. */
const SHOULDER_MS = 10_000;
const CATCH_UP_MAX_MS = 300_000;
const POLL_MS = 1000;
const TOPIC = 'stoa.metering';
/** How long behind a worker's death a client may still believe a connection of its. */
const WORKER_GRACE_MS = 250;
/** From when it is seen to ship. */
const SHIPPER_KILLS_MS = [0, 3, 7, 11, 2, 5, 13, 17];

export interface OutageOptions {
  readonly outageMs: number;
  readonly perSecond: number;
  readonly shoulderMs?: number;
  readonly front?: Front;
  readonly say?: (line: string) => void;
}

export interface OutageReport extends Reckoning {
  readonly begun: number;
  readonly answered: number;
  /** As the gateway that lived last says: events that made room for others. */
  readonly dropped: number;
  /** From Kafka's start until all was shipped, what came meanwhile included: no more than this. */
  readonly catchUpMs: number;
}

class Outage {
  readonly kills: Kill[] = [];
  #gateway: Gateway;
  readonly #yaml: string;
  readonly #front: { readonly front?: Front };
  readonly #say: (line: string) => void;
  #isStopped = false;

  private constructor(yaml: string, gateway: Gateway, { front, say }: OutageOptions) {
    this.#yaml = yaml;
    this.#gateway = gateway;
    this.#front = front === undefined ? {} : { front };
    this.#say = say ?? (() => {});
  }

  static async start(yaml: string, options: OutageOptions): Promise<Outage> {
    const { front } = options;
    const chosen = front === undefined ? {} : { front };
    return new Outage(yaml, await startGateway(yaml, { workers: 2, ...chosen }), options);
  }

  get gateway(): Gateway {
    return this.#gateway;
  }

  say(line: string): void {
    this.#say(`${new Date().toISOString().slice(11, 19)}  ${line}`);
  }

  async killWorker(): Promise<void> {
    const [worker = 0] = processesNamed(this.#gateway.workers(), 'worker');
    this.#gateway.expectDeath();
    const fromMs = Date.now();
    signal(worker, 'SIGKILL');
    await until('it is gone', () => !isAlive(worker));
    this.kills.push({ what: 'a worker', fromMs, untilMs: Date.now() + WORKER_GRACE_MS });
    this.say('a worker is killed');
  }

  /** While they ship, again and again: somewhere between Kafka's word and the cursor's place on the disk. */
  async killShippers(): Promise<void> {
    for (const afterMs of SHIPPER_KILLS_MS) {
      const before = await this.#gateway.metric('stoa_metering_shipped_total');
      await until('it ships', () => this.#hasShipped(before), CATCH_UP_MAX_MS);
      await sleep(afterMs);
      const shippers = this.#shippers();
      for (const pid of shippers) signal(pid, 'SIGKILL');
      await until('it is gone', () => !shippers.some(isAlive));
      this.say('the shipper is killed while it ships');
    }
  }

  async #hasShipped(before: number): Promise<boolean> {
    const shipped = await this.#gateway.metric('stoa_metering_shipped_total');
    return shipped !== before && shipped > 0;
  }

  #shippers(): number[] {
    return processesNamed(this.#gateway.workers(), 'shipper');
  }

  /** Once. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#gateway.stop();
  }

  async killEverything(): Promise<void> {
    const fromMs = Date.now();
    const dead = this.#gateway;
    await dead.killAll();
    this.#gateway = await startGateway(this.#yaml, { workers: 2, ...this.#front, after: dead });
    this.kills.push({ what: 'everything', fromMs, untilMs: Date.now() });
    rmSync(dead.directory, { recursive: true, force: true });
    this.say(`everything is killed and ready again after ${Date.now() - fromMs} ms`);
  }
}

function yamlOf(folder: string, brokerPort: number, upstream: Server): string {
  const { port } = upstream.address() as AddressInfo;
  return `requestId: { accept: always }
metering:
  enabled: true
  spool: { directory: ${folder}/spool }
  batch: { retryMaxMs: 5000, eventsMax: 200 }
  sink: kafka
  kafka: { brokers: ["127.0.0.1:${brokerPort}"], requestMs: 5000 }
upstreams: { up: { endpoints: [{ url: "http://127.0.0.1:${port}" }] } }
consumers:
  one: { tenant: acme, apiKeys: [{ value: "key-number-one" }] }
  two: { tenant: beta, apiKeys: [{ value: "key-number-two" }] }
routes: [{ name: load, upstream: up, auth: { apiKey: {} } }]`;
}

async function startUpstream(): Promise<Server> {
  const server = createServer((_, response) => response.end('ok'));
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

/** Resolves when each of these requests has an event in Kafka, or when it has had its time. */
async function whenShipped(brokerPort: number, answered: ReadonlySet<string>): Promise<void> {
  const deadlineMs = Date.now() + CATCH_UP_MAX_MS;
  while (Date.now() < deadlineMs) {
    if ((await topicLength(brokerPort, TOPIC)) >= answered.size) {
      const messages = await readTopic(brokerPort, TOPIC);
      const there = new Set(messages.map(({ event }) => event.data.requestId));
      if ([...answered].every((id) => there.has(id))) return;
    }
    await sleep(POLL_MS);
  }
}

/** The whole of it; rejects when something could not be started or never caught up. */
export async function runOutage(options: OutageOptions): Promise<OutageReport> {
  const { outageMs, perSecond, shoulderMs = SHOULDER_MS } = options;
  const folder = mkdtempSync(join(tmpdir(), 'stoa-outage-'));
  const upstream = await startUpstream();
  const broker = await KafkaBroker.start();
  const outage = await Outage.start(yamlOf(folder, broker.port, upstream), options);
  const apiKeys = ['key-number-one', 'key-number-two'];
  const load = new SteadyLoad({ port: outage.gateway.port, perSecond, apiKeys });
  try {
    outage.say(`${perSecond} requests a second begin`);
    await sleep(shoulderMs);
    await broker.kill();
    outage.say('Kafka is stopped');
    await sleep(outageMs / 3);
    await outage.killWorker();
    await sleep(outageMs / 6);
    await outage.killEverything();
    await sleep(outageMs / 2);
    const backMs = Date.now();
    await broker.run();
    outage.say('Kafka is started again');
    const isUp = async (): Promise<boolean> =>
      (await outage.gateway.metric('stoa_metering_sink_up')) === 1;
    await until('it ships again', isUp, CATCH_UP_MAX_MS);
    await outage.killShippers();
    await sleep(shoulderMs);
    await load.stop();
    await whenShipped(broker.port, load.answered);
    const catchUpMs = Date.now() - backMs;
    const dropped = await outage.gateway.metric('stoa_metering_dropped_total');
    await outage.stop();
    outage.say('everything is shipped, and the gateway ends');
    const messages = await readTopic(broker.port, TOPIC);
    const { answered, failures, begun } = load;
    const reckoning = reckon({ answered, failures, kills: outage.kills, messages });
    return { ...reckoning, begun, answered: answered.size, dropped, catchUpMs };
  } finally {
    await stopAll(load, outage, broker);
    upstream.closeAllConnections();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main([minutes = 10, perSecond = 300]: readonly number[]): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  console.log(`${day}: Kafka is away for ${minutes} min at ${perSecond} requests a second`);
  console.log(`Node ${process.version}, ${availableParallelism()} cores, 2 workers`);
  const options = {
    outageMs: minutes * 60_000,
    perSecond,
    say: (line: string) => console.log(line),
  };
  const report = await runOutage(options);
  const summary = Object.entries(report).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.length : value,
  ]);
  console.log(JSON.stringify(Object.fromEntries(summary), null, 2));
  const faults = faultsOf(report);
  console.log(faults.length === 0 ? 'as promised' : faults.join('\n'));
  process.exitCode = faults.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(process.argv.slice(2).map(Number));
