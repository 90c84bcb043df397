// What was used, as Kafka has it: reads every usage event, counts it once, and sums by tenant, route, decision and problem.
// node examples/keycloak-opa-kafka/events.js [HOST:PORT of the broker] [topic]
// Waits until nothing came for three seconds.
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

const QUIET_MS = 3000;
const [broker = '127.0.0.1:9092', topic = 'stoa.metering'] = process.argv.slice(2);

const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: `example-${Date.now()}` });
const events = new Map();
let latestMs = Date.now();

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    const event = JSON.parse(message.value);
    // At least once: what came twice has the same id.
    events.set(event.id, event.data);
    latestMs = Date.now();
  },
});
while (events.size === 0 || Date.now() - latestMs < QUIET_MS) {
  if (Date.now() - latestMs > 10 * QUIET_MS) break;
  await sleep(100);
}
await consumer.disconnect();

const sums = new Map();
for (const { tenant = '-', route = '-', decision, problem = '-' } of events.values()) {
  const row = [tenant, route, decision, problem].join(' ');
  sums.set(row, (sums.get(row) ?? 0) + 1);
}
for (const [row, count] of [...sums].toSorted()) console.log(`${count} ${row}`);
