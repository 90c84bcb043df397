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

/** Who is believed, and by what, on the listeners beside the plain one. Files are PEM. */
export interface KafkaSecurity {
  /** Key and certificate of the broker. */
  readonly identityFile: string;
  /** Who signed the clients' certificates. */
  readonly authoritiesFile: string;
  readonly username: string;
  readonly password: string;
}

interface Ports {
  readonly port: number;
  /** TLS, with a certificate of the client. */
  readonly tlsPort: number;
  /** TLS, with a password: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
  readonly saslPort: number;
}

export class KafkaBroker implements Ports {
  readonly port: number;
  readonly tlsPort: number;
  readonly saslPort: number;
  readonly #folder: string;
  readonly #properties: string;
  #child: ChildProcess | undefined;

  private constructor(ports: Ports, folder: string, properties: string) {
    this.port = ports.port;
    this.tlsPort = ports.tlsPort;
    this.saslPort = ports.saslPort;
    this.#folder = folder;
    this.#properties = properties;
    process.once('exit', () => this.#child?.kill('SIGKILL'));
  }

  /** A broker with an empty log of its own; on the port for plain text alone, unless there is `security`. */
  static async start(security?: KafkaSecurity): Promise<KafkaBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-kafka-'));
    const [port, controllerPort] = [await freePort(), await freePort()];
    const ports = { port, tlsPort: await freePort(), saslPort: await freePort() };
    const secure =
      security && `,SSL://127.0.0.1:${ports.tlsPort},SASL_SSL://127.0.0.1:${ports.saslPort}`;
    const properties = join(folder, 'server.properties');
    writeFileSync(
      properties,
      [
        'process.roles=broker,controller',
        'node.id=1',
        `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
        `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${secure ?? ''}`,
        'controller.listener.names=CONTROLLER',
        'offsets.topic.replication.factor=1',
        'transaction.state.log.replication.factor=1',
        'share.coordinator.state.topic.replication.factor=1',
        'transaction.state.log.min.isr=1',
        'offsets.topic.num.partitions=1',
        'num.partitions=3',
        'group.initial.rebalance.delay.ms=0',
        `log.dirs=${join(folder, 'log')}`,
        ...(security === undefined ? [] : propertiesOf(security)),
      ].join('\n'),
    );
    const id = randomBytes(16).toString('base64url');
    execFileSync(
      'java',
      [
        '-cp',
        `${LIBS}/*`,
        'kafka.tools.StorageTool',
        'format',
        '-t',
        id,
        '-c',
        properties,
        ...(security === undefined ? [] : accountsOf(security)),
      ],
      { stdio: 'ignore' },
    );
    const broker = new KafkaBroker(ports, folder, properties);
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

/** Source: Kafka's documentation, §7.3 (TLS, PEM) and §7.4 (SASL). */
function propertiesOf(security: KafkaSecurity): string[] {
  const { identityFile, authoritiesFile, username, password } = security;
  const modules = 'org.apache.kafka.common.security';
  const sasl = 'listener.name.sasl_ssl';
  return [
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL',
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${identityFile}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${authoritiesFile}`,
    'listener.name.ssl.ssl.client.auth=required',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    `${sasl}.plain.sasl.jaas.config=${modules}.plain.PlainLoginModule required user_${username}="${password}";`,
    ...['256', '512'].map(
      (bits) =>
        `${sasl}.scram-sha-${bits}.sasl.jaas.config=${modules}.scram.ScramLoginModule required;`,
    ),
  ];
}

function accountsOf({ username, password }: KafkaSecurity): string[] {
  return ['256', '512'].flatMap((bits) => [
    '--add-scram',
    `SCRAM-SHA-${bits}=[name=${username},password=${password}]`,
  ]);
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
