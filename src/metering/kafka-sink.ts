/**
 * The sink that is Kafka: an idempotent producer, keyed by tenant, acknowledged by every in-sync replica.
 *
 * Bounds: one batch under way; `requestMs` for each answer; kafkajs' own retries are few, the shipper's have no end.
 * Source: CloudEvents 1.0.2 Kafka binding §3.3 (structured mode).
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import {
  CompressionTypes,
  Kafka,
  logLevel,
  Partitioners,
  type Producer,
  type SASLOptions,
} from 'kafkajs';

import type { Model } from '../config/schema.ts';
import type { Sink } from './sink.ts';
import type { SpooledEvent } from './source.ts';

type Options = NonNullable<Model['metering']>['kafka'];

const RETRIES = 2;

export class KafkaSink implements Sink {
  readonly #options: Options;
  #producer: Producer | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  async send(events: readonly SpooledEvent[]): Promise<void> {
    const { topic, errorsTopic, compression, requestMs } = this.#options;
    const failures = errorsTopic === null ? [] : events.filter(({ failed }) => failed);
    const producer = await this.#connected();
    try {
      await producer.sendBatch({
        acks: -1,
        timeout: requestMs,
        compression: compression === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
        topicMessages: [
          { topic, messages: events.map(messageOf) },
          ...(errorsTopic === null || failures.length === 0
            ? []
            : [{ topic: errorsTopic, messages: failures.map(messageOf) }]),
        ],
      });
    } catch (error) {
      // Its sequence numbers may be ahead of the broker's now: a new producer begins anew.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch(() => {});
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const { brokers, clientId, requestMs } = this.#options;
    const sasl = saslOf(this.#options);
    const kafka = new Kafka({
      brokers: [...brokers],
      clientId,
      requestTimeout: requestMs,
      connectionTimeout: requestMs,
      retry: { retries: RETRIES, restartOnFailure: async () => false },
      // What fails is told by the shipper; its own lines are in another form.
      logLevel: logLevel.NOTHING,
      ssl: tlsOf(this.#options),
      ...(sasl === undefined ? {} : { sasl }),
    });
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: true,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries: RETRIES },
    });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw error;
    }
    this.#producer = producer;
    return producer;
  }
}

function messageOf({ tenant, line, timeMs }: SpooledEvent): {
  key: string | null;
  value: string;
  timestamp: string;
  headers: Record<string, string>;
} {
  return {
    key: tenant === '' ? null : tenant,
    value: line,
    timestamp: String(timeMs),
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
  };
}

function tlsOf({ tls }: Options): boolean | { ca?: string[]; cert?: string; key?: string } {
  if (tls === null) return false;
  const { ca, cert, key } = tls;
  return {
    ...(ca === null ? {} : { ca: [readFileSync(ca, 'utf8')] }),
    ...(cert === null ? {} : { cert: readFileSync(cert, 'utf8') }),
    ...(key === null ? {} : { key: readFileSync(key, 'utf8') }),
  };
}

function saslOf({ sasl }: Options): SASLOptions | undefined {
  if (sasl === null) return undefined;
  const { mechanism, username, passwordFile } = sasl;
  return {
    mechanism,
    username,
    password: readFileSync(passwordFile, 'utf8').trim(),
  };
}
