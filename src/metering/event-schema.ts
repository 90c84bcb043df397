/**
 * A usage event as every sink gets it: CloudEvents 1.0 around what one request used.
 *
 * Native code writes it (`native/core/src/spool/line.rs`); a test holds what it writes against this. Version 1: members
 * may be added, none changes its meaning. Source: CloudEvents 1.0.2 §3 and its Partitioning extension.
 *
 * @module
 */

import * as z from 'zod';

const count = z.int().min(0);

const MeteringData = z
  .object({
    worker: count.describe('Number of the worker that served it.'),
    decision: z
      .enum(['forwarded', 'redirected', 'refused', 'failed', 'aborted', 'answered'])
      .describe(
        'What became of it: the upstream’s response was passed on; the gateway redirected, or refused before any upstream was asked; an upstream was chosen and the gateway answered in its place or broke off; the caller left; the gateway answered with a document of its own.',
      ),
    requestId: z.string().optional().describe('What logs call it.'),
    tenant: z.string().optional().describe('Whose the consumer is.'),
    consumer: z.string().optional().describe('Who called.'),
    plan: z.string().optional().describe('What the consumer may use.'),
    route: z.string().optional().describe('Route taken.'),
    upstream: z.string().optional().describe('Upstream chosen.'),
    method: z.string().optional().describe('As sent.'),
    problem: z.string().optional().describe('Problem code, when the gateway answered with one.'),
    status: count.max(999).describe('Status of the response; 0 when there was none.'),
    bytesIn: count.describe('Bytes of the request’s body.'),
    bytesOut: count.describe('Bytes of the response’s body.'),
    durationUs: count.describe('From the first byte seen to the last one handed over.'),
    upstreamUs: count
      .optional()
      .describe(
        'From choosing an endpoint to the response’s head; the rest is the gateway’s and the caller’s.',
      ),
    tokens: z
      .object({ input: count.describe('Of the prompt.'), output: count.describe('Of the answer.') })
      .optional()
      .describe('Of a language model. Not written yet.'),
    toolCalls: count.optional().describe('Tools that were called. Not written yet.'),
  })
  .describe('What one request used.');

export const MeteringEvent = z
  .object({
    specversion: z.literal('1.0').describe('Version of CloudEvents.'),
    type: z
      .literal('stoa.metering.request.v1')
      .describe('What happened, and the version of `data`.'),
    source: z.string().describe('The worker process, by a random number of its own.'),
    id: z
      .string()
      .describe('Idempotency key: an event that comes twice has the same one. Unique everywhere.'),
    time: z.iso.datetime().describe('When the request ended.'),
    subject: z.string().optional().describe('The tenant.'),
    partitionkey: z.string().optional().describe('The tenant: its events stay in order.'),
    datacontenttype: z.literal('application/json').describe('Of `data`.'),
    data: MeteringData,
  })
  .meta({ title: 'STOA Gateway usage event' });

export type MeteringEvent = z.output<typeof MeteringEvent>;

/** The text of `schema/metering-event.json`. */
export function eventSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(MeteringEvent), null, 2)}\n`;
}
