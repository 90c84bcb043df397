/**
 * Metering into a real Kafka: what was used is there, once or with the same id again, also when the broker was gone.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';

import { MeteringEvent } from '../../src/metering/event-schema.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { KafkaBroker, kafkaMissing } from '../support/kafka.ts';
import { processesNamed, signal } from '../../arena/host/processes.ts';
import { call } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { until } from '../../arena/host/wait.ts';

interface Message {
  readonly key: string | null;
  readonly partition: number;
  readonly event: MeteringEvent;
}

/** Everything in a topic until `count` different events are there. */
async function read(port: number, topic: string, count: number): Promise<Message[]> {
  const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `test-${topic}-${count}` });
  const messages: Message[] = [];
  try {
    await consumer.connect();
    await until(`${topic} is there`, () => hasTopic(kafka, topic), 30_000);
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const event = MeteringEvent.parse(JSON.parse(message.value?.toString() ?? ''));
        messages.push({ key: message.key?.toString() ?? null, partition, event });
      },
    });
    await until(`${count} events are in ${topic}`, () => idsOf(messages).size >= count, 40_000);
    return messages;
  } finally {
    await consumer.disconnect();
  }
}

function idsOf(messages: readonly Message[]): Set<string> {
  return new Set(messages.map(({ event }) => event.id));
}

const skip = kafkaMissing() ?? false;

describe('metering into Kafka', { skip }, () => {
  let broker: KafkaBroker;
  let upstream: RecordingUpstream;
  let gateway: Gateway;
  before(async () => {
    broker = await KafkaBroker.start();
    upstream = await RecordingUpstream.start(({ target }) =>
      target === '/broken' ? 'garbage\r\n\r\n' : ok(),
    );
    gateway = await startGateway(
      `metering:
  enabled: true
  batch: { pollMs: 20, retryMaxMs: 500, eventsMax: 40 }
  spool: { segmentBytes: 65536 }
  sink: kafka
  kafka: { brokers: ["127.0.0.1:${broker.port}"], requestMs: 3000 }
upstreams: { up: { endpoints: [{ url: "${upstream.url}" }] } }
consumers:
  one: { tenant: acme, apiKeys: [{ value: "key-number-one" }] }
  two: { tenant: beta, apiKeys: [{ value: "key-number-two" }] }
routes: [{ name: all, upstream: up, auth: { apiKey: {} } }]`,
      { workers: 2 },
    );
  });
  after(async () => {
    await gateway?.stop();
    await upstream?.stop();
    await broker?.stop();
  });

  async function ask(count: number, key: string, path = '/x'): Promise<number> {
    const answers = await Promise.all(
      Array.from({ length: count }, () =>
        call(gateway.port, `GET ${path}`, { headers: { 'x-api-key': key } }),
      ),
    );
    return answers.filter(({ status }) => status < 500).length;
  }

  let asked = 0;

  it('has every event, keyed by tenant, and those that failed in a topic of their own', async () => {
    assert.equal(await ask(60, 'key-number-one'), 60);
    assert.equal(await ask(50, 'key-number-two'), 50);
    assert.equal(await ask(5, 'key-number-two', '/broken'), 0);
    asked = 115;
    const messages = await read(broker.port, 'stoa.metering', asked);
    assert.equal(idsOf(messages).size, asked);
    for (const { key, event } of messages) assert.equal(key, event.data.tenant);
    for (const tenant of ['acme', 'beta']) {
      const own = messages.filter(({ key }) => key === tenant);
      assert.equal(
        new Set(own.map(({ partition }) => partition)).size,
        1,
        'one partition a tenant',
      );
      const times = own.map(({ event }) => event.time);
      assert.deepEqual(times, times.toSorted(), 'in order');
    }
    const errors = await read(broker.port, 'stoa.errors', 5);
    assert.deepEqual(
      new Set(errors.map(({ event }) => event.data.problem)),
      new Set(['upstream_bad_response']),
    );
  });

  it('loses nothing and fails no request while the broker is gone and workers and shipper die', async () => {
    await broker.kill();
    assert.equal(await ask(150, 'key-number-one'), 150);
    await until(
      'an alarm says so',
      async () => (await gateway.metric('stoa_metering_sink_up')) === 0,
      20_000,
    );
    const children = gateway.workers();
    const [worker = 0] = processesNamed(children, 'worker');
    gateway.expectDeath();
    for (const pid of [worker, ...processesNamed(children, 'shipper')]) signal(pid, 'SIGKILL');
    await until(
      'it is replaced',
      async () => (await gateway.metric('stoa_worker_restarts_total')) > 0,
    );
    await gateway.whenReady();
    assert.equal(await ask(100, 'key-number-two'), 100);
    asked += 250;
    assert.equal(await gateway.metric('stoa_metering_dropped_total'), 0);

    await broker.run();
    const messages = await read(broker.port, 'stoa.metering', asked);
    assert.equal(idsOf(messages).size, asked);
    await until(
      'it is back',
      async () => (await gateway.metric('stoa_metering_sink_up')) === 1,
      20_000,
    );
  });
});

/** A topic comes with the first event for it. */
async function hasTopic(kafka: Kafka, topic: string): Promise<boolean> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).includes(topic);
  } finally {
    await admin.disconnect();
  }
}
