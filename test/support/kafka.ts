/**
 * A real Kafka broker for a test (KRaft, one node), from where `scripts/kafka.sh` puts it.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PROJECT } from './gateway.ts';
import { freePort } from '../../arena/host/ports.ts';
import { until } from '../../arena/host/wait.ts';

const LIBS = process.env['STOA_TEST_KAFKA_LIBS'] ?? join(PROJECT, '.build/kafka/libs');
const HEAP = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const START_MAX_MS = 60_000;

/** Why there is no broker here and how to get one; null when there is one, or has to be (CI=true). */
export function kafkaMissing(): string | null {
  if (existsSync(LIBS) || process.env['CI'] === 'true') return null;
  return `no Kafka in ${LIBS}; get it: scripts/kafka.sh`;
}

export class KafkaBroker {
  readonly port: number;
  readonly #folder: string;
  readonly #properties: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, properties: string) {
    this.port = port;
    this.#folder = folder;
    this.#properties = properties;
    process.once('exit', () => this.#child?.kill('SIGKILL'));
  }

  /** A broker with an empty log of its own. */
  static async start(): Promise<KafkaBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-kafka-'));
    const [port, controllerPort] = [await freePort(), await freePort()];
    const properties = join(folder, 'server.properties');
    writeFileSync(
      properties,
      [
        'process.roles=broker,controller',
        'node.id=1',
        `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
        `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
        'controller.listener.names=CONTROLLER',
        'offsets.topic.replication.factor=1',
        'transaction.state.log.replication.factor=1',
        'share.coordinator.state.topic.replication.factor=1',
        'transaction.state.log.min.isr=1',
        'offsets.topic.num.partitions=1',
        'num.partitions=3',
        'group.initial.rebalance.delay.ms=0',
        `log.dirs=${join(folder, 'log')}`,
      ].join('\n'),
    );
    const id = randomBytes(16).toString('base64url');
    execFileSync(
      'java',
      ['-cp', `${LIBS}/*`, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', properties],
      { stdio: 'ignore' },
    );
    const broker = new KafkaBroker(port, folder, properties);
    await broker.run();
    return broker;
  }

  /** Starts it, again after `kill`, with the log it had. */
  async run(): Promise<void> {
    this.#child = spawn('java', [...HEAP, '-cp', `${LIBS}/*`, 'kafka.Kafka', this.#properties], {
      stdio: 'ignore',
    });
    await until('the broker accepts', () => accepts(this.port), START_MAX_MS);
  }

  /** Ends it as the kernel would. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
