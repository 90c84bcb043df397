/** The sink that the configuration names. @module */

import type { Model } from '../config/schema.ts';
import { GatewayError } from '../errors.ts';
import { FileSink } from './file-sink.ts';
import type { Sink } from './sink.ts';
import { WebhookSink } from './webhook-sink.ts';

/** kafkajs is loaded only for the sink that needs it. */
export async function openSink(metering: NonNullable<Model['metering']>): Promise<Sink> {
  const { sink, file, kafka, webhook } = metering;
  switch (sink) {
    case 'file':
      return new FileSink(file);
    case 'kafka': {
      const { KafkaSink } = await import('./kafka-sink.ts');
      return new KafkaSink(kafka);
    }
    case 'webhook': {
      const { url, secretFile, timeoutMs } = webhook;
      if (url === null || secretFile === null) {
        throw new GatewayError('internal', 'a webhook without a URL or a secret');
      }
      return new WebhookSink({ url, secretFile, timeoutMs });
    }
    default:
      throw new GatewayError('internal', 'a sink of an unknown kind');
  }
}
