/**
 * Everything that a topic holds, read once from its beginning to the end that it has now.
 *
 * Bounds: all of it in memory, some 600 bytes a message; `READ_MAX_MS` for the whole.
 *
 * @module
 */

import { Kafka, logLevel } from 'kafkajs';

import { until } from '../../arena/host/wait.ts';
import { MeteringEvent } from '../../src/metering/event-schema.ts';

const READ_MAX_MS = 120_000;

export interface TopicMessage {
  /** Where it stands in its partition. */
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly text: string;
  readonly event: MeteringEvent;
}

/** In the order of each partition. Rejects when the topic is not there, or is not read in time. */
export async function readTopic(port: number, topic: string): Promise<TopicMessage[]> {
  const count = await topicLength(port, topic);
  const consumer = clientOf(port).consumer({ groupId: `whole-${topic}-${Date.now()}` });
  const messages: TopicMessage[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        const text = message.value?.toString() ?? '';
        messages.push({
          partition,
          offset: Number(message.offset),
          key: message.key?.toString() ?? null,
          text,
          event: MeteringEvent.parse(JSON.parse(text)),
        });
      },
    });
    await until(`${count} messages are read`, () => messages.length >= count, READ_MAX_MS);
    return messages;
  } finally {
    await consumer.disconnect();
  }
}

/** How many messages a topic holds now. */
export async function topicLength(port: number, topic: string): Promise<number> {
  const admin = clientOf(port).admin();
  await admin.connect();
  try {
    const partitions = await admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
}

function clientOf(port: number): Kafka {
  return new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING });
}
