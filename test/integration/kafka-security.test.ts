/**
 * Metering into a Kafka that asks who one is: TLS, passwords by every mechanism, certificates; and nothing to a broker
 * that is not believed, or that does not believe the gateway.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';

import { until } from '../../arena/host/wait.ts';
import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { KafkaBroker, kafkaMissing } from '../support/kafka.ts';
import { readTopic } from '../support/kafka-topic.ts';
import { call } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';

const USER = { username: 'stoa', password: 'a-password-of-this-test' };
const REQUESTS = 20;

const opensslMissing =
  spawnSync('openssl', ['version']).status !== 0 &&
  process.env['CI'] !== 'true' &&
  'openssl is missing: apt-get install openssl';

const skip = kafkaMissing() ?? opensslMissing;

describe('metering into a Kafka that asks who one is', { skip }, () => {
  let folder: string;
  let broker: KafkaBroker;
  let upstream: RecordingUpstream;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-kafka-pki-'));
    writeCertificates(folder);
    writeFileSync(file('password'), `${USER.password}\n`);
    writeFileSync(file('wrong-password'), 'not-the-password');
    upstream = await RecordingUpstream.start();
    const identityFile = file('broker.pem');
    broker = await KafkaBroker.start({ ...USER, identityFile, authoritiesFile: file('ca.crt') });
  });
  after(async () => {
    await stopAll(upstream, broker);
    rmSync(folder, { recursive: true });
  });

  let gateway: Gateway | undefined;
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
  });

  const file = (name: string): string => join(folder, name);

  /** Its events go to a topic of their own. All requests are answered, whatever Kafka says. */
  async function use(topic: string, port: number, kafka: string): Promise<Gateway> {
    gateway = await startGateway(`metering:
  enabled: true
  batch: { pollMs: 20, retryMaxMs: 200 }
  sink: kafka
  kafka: { brokers: ["127.0.0.1:${port}"], topic: "${topic}", requestMs: 5000, ${kafka} }
upstreams: { up: { endpoints: [{ url: "${upstream.url}" }] } }
routes: [{ name: all, upstream: up }]`);
    const running = gateway;
    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, () => call(running.port, 'GET /')),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    return running;
  }

  async function assertShipped(topic: string, port: number, kafka: string): Promise<void> {
    const running = await use(topic, port, kafka);
    await until(
      'all are shipped',
      async () => (await running.metric('stoa_metering_shipped_total')) === REQUESTS,
      30_000,
    );
    const messages = await readTopic(broker.port, topic);
    assert.equal(new Set(messages.map(({ event }) => event.id)).size, REQUESTS);
  }

  async function assertNotShipped(topic: string, port: number, kafka: string): Promise<void> {
    const running = await use(topic, port, kafka);
    await until(
      'an alarm says so',
      async () => (await running.metric('stoa_metering_sink_up')) === 0,
      30_000,
    );
    assert.equal(await running.metric('stoa_metering_shipped_total'), 0);
    assert.equal(await running.metric('stoa_metering_dropped_total'), 0);
    for (const secret of ['password', 'wrong-password']) {
      const text = readFileSync(file(secret), 'utf8').trim();
      assert.equal(running.output.includes(text), false, 'no secret in the output');
    }
  }

  const tls = (ca = 'ca.crt'): string => `tls: { ca: "${file(ca)}" }`;
  const sasl = (mechanism: string, password = 'password'): string =>
    `sasl: { mechanism: ${mechanism}, username: stoa, passwordFile: "${file(password)}" }`;

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512']) {
    it(`has every event by TLS and a password, shown as ${mechanism}`, async () => {
      const topic = `by-${mechanism}`;
      await assertShipped(topic, broker.saslPort, `${tls()}, ${sasl(mechanism)}`);
    });

    it(`has none with a wrong password, shown as ${mechanism}`, async () => {
      const wrong = sasl(mechanism, 'wrong-password');
      await assertNotShipped(`not-by-${mechanism}`, broker.saslPort, `${tls()}, ${wrong}`);
    });
  }

  it('has every event by a client certificate', async () => {
    const identity = `cert: "${file('gateway.crt')}", key: "${file('gateway.key')}"`;
    const kafka = `tls: { ca: "${file('ca.crt')}", ${identity} }`;
    await assertShipped('by-certificate', broker.tlsPort, kafka);
  });

  it('has none without one, where one is asked for', async () => {
    await assertNotShipped('without-certificate', broker.tlsPort, tls());
  });

  it('is told nothing when its certificate is nobody’s who is believed', async () => {
    const kafka = `${tls('stranger.crt')}, ${sasl('plain')}`;
    await assertNotShipped('of-a-stranger', broker.saslPort, kafka);
  });
});

/** Two authorities, of which one signed the broker and the gateway. */
function writeCertificates(folder: string): void {
  const openssl = (...words: string[]): void => {
    execFileSync('openssl', words, { stdio: 'pipe', cwd: folder });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  for (const name of ['ca', 'stranger']) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
    openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, ...files);
  }
  for (const name of ['broker', 'gateway']) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
    const san = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key'];
    openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, ...san, ...by, ...files);
  }
  const text = ['broker.key', 'broker.crt'].map((name) => readFileSync(join(folder, name), 'utf8'));
  writeFileSync(join(folder, 'broker.pem'), text.join(''));
}
