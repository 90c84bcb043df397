/**
 * What is recorded of the use of the gateway, where it waits and where it goes.
 *
 * @module
 */

import * as z from 'zod';

import { duration, whole } from './fields.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const FilePath = z.string().min(1).max(4096);

/** Source: Kafka's `Topic.validate`: 249 of these, neither `.` nor `..`. */
const Topic = z
  .string()
  .regex(
    /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
    'a topic is 1 to 249 letters, digits, ".", "_" or "-"',
  );

const Spool = z
  .strictObject({
    directory: FilePath.default('metering/spool').describe(
      'Folder for events that are on their way, relative to the configuration’s. A local disk.',
    ),
    segmentBytes: whole(64 * KIB, GIB)
      .multipleOf(4096)
      .default(4 * MIB)
      .describe('Length of a segment file; each worker has two at least.'),
    maxBytes: whole(256 * KIB, 1024 * GIB)
      .default(GIB)
      .describe('Most bytes of all segments of all workers.'),
    whenFull: z
      .enum(['dropOldest', 'refuse'])
      .default('dropOldest')
      .describe('Without room: the oldest events go, and are counted, or new requests get a 503.'),
    sync: z
      .enum(['interval', 'none'])
      .default('interval')
      .describe(
        'When events reach the disk itself. Events survive the death of the gateway either way; a crash of the machine loses what was not synced.',
      ),
    syncMs: duration().default(1000).describe('How often, with `sync: interval`.'),
  })
  .describe('Where events wait until the sink has taken them.');

const Batch = z
  .strictObject({
    eventsMax: whole(1, 10_000).default(1000).describe('Most events the sink is given at once.'),
    pollMs: whole(10, 60_000)
      .default(200)
      .describe('How often the spool is looked at while nothing is in it.'),
    retryMaxMs: duration()
      .default(30_000)
      .describe('Longest pause before a sink that failed is tried again.'),
  })
  .describe('How events are shipped.');

const FileSink = z
  .strictObject({
    path: FilePath.default('metering/events.jsonl').describe(
      'File that events are appended to, one a line, relative to the configuration’s folder.',
    ),
    maxBytes: whole(64 * KIB, 1024 * GIB)
      .default(128 * MIB)
      .describe('Length at which the file is put aside and a new one begun.'),
    maxAgeMs: whole(1000, 366 * 86_400_000)
      .default(86_400_000)
      .describe('Age at which the file is put aside.'),
    filesMax: whole(1, 10_000).default(30).describe('Most files put aside; the oldest is deleted.'),
  })
  .describe('The sink `file`.');

const KafkaTls = z.strictObject({
  ca: FilePath.nullable()
    .default(null)
    .describe('File of the authorities to believe; without it, the system’s.'),
  cert: FilePath.nullable().default(null).describe('File of the client certificate.'),
  key: FilePath.nullable().default(null).describe('File of its key.'),
});

const KafkaSasl = z.strictObject({
  mechanism: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .default('scram-sha-512')
    .describe('How the password is shown.'),
  username: z.string().min(1).max(256).describe('Who the gateway is to Kafka.'),
  passwordFile: FilePath.describe('File that holds the password.'),
});

const KafkaSink = z
  .strictObject({
    brokers: z
      .array(z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'a broker is host:port'))
      .max(64)
      .default([])
      .describe('Brokers to begin with, `host:port`.'),
    clientId: z.string().min(1).max(128).default('stoa-gateway').describe('Name in Kafka’s logs.'),
    topic: Topic.default('stoa.metering').describe('Where every event goes, keyed by tenant.'),
    errorsTopic: Topic.nullable()
      .default('stoa.errors')
      .describe('Where those of requests that failed (5xx, or broken off) go as well.'),
    compression: z.enum(['gzip', 'none']).default('gzip').describe('How batches are compressed.'),
    tls: KafkaTls.nullable().default(null).describe('TLS to the brokers; `{}` for defaults.'),
    sasl: KafkaSasl.nullable().default(null).describe('How the gateway proves who it is.'),
    requestMs: duration().default(10_000).describe('Longest wait for a broker’s answer.'),
  })
  .describe('The sink `kafka`.');

const WebhookSink = z
  .strictObject({
    url: z
      .string()
      .max(2048)
      .refine(isHttpUrl, 'not a URL; expected http:// or https://')
      .nullable()
      .default(null)
      .describe('Where batches are posted.'),
    secretFile: FilePath.nullable()
      .default(null)
      .describe('File of the secret that batches are signed with (HMAC-SHA-256).'),
    timeoutMs: duration().default(10_000).describe('Longest wait for its answer.'),
  })
  .describe('The sink `webhook`.');

export const Metering = z
  .strictObject({
    enabled: z.boolean().default(false).describe('Whether an event is recorded of every request.'),
    spool: Spool.prefault({}),
    batch: Batch.prefault({}),
    sink: z.enum(['file', 'kafka', 'webhook']).default('file').describe('Who is given the events.'),
    file: FileSink.prefault({}),
    kafka: KafkaSink.prefault({}),
    webhook: WebhookSink.prefault({}),
  })
  .describe('One event a request: who used what, how much, and what became of it.');

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s/]/.test(text) && URL.canParse(text);
}
