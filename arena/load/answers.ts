/**
 * What goes between the drivers' processes and whoever asks them, checked when it is read.
 *
 * @module
 */

import { z } from 'zod';

import type { LoadResult, SlowResult, SseResult, WebSocketResult } from './driver.ts';

const Count = z.int().nonnegative();
const Counts = z.record(z.string(), Count);
const Hdr = z.string();

const Headers = z.record(z.string(), z.string());

export const LoadQuestion = z.object({
  host: z.string(),
  port: z.int().positive(),
  requests: z
    .array(
      z.object({
        method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
        path: z.string(),
        headers: Headers,
        bodyBytes: Count,
      }),
    )
    .min(1),
  connections: z.int().positive(),
  mode: z.enum(['closed', 'open']),
  ratePerS: z.number().positive().optional(),
  warmUpMs: z.number().nonnegative(),
  measureMs: z.number().positive(),
  requestsMax: z.int().positive().optional(),
  timeoutMs: z.number().positive(),
  expect: z.object({ status: z.int(), bodyBytes: Count }),
});

export type LoadQuestion = z.infer<typeof LoadQuestion>;

export const LoadAnswer: z.ZodType<LoadResult> = z.strictObject({
  requests: Count,
  answered: Count,
  elapsedMs: z.number(),
  statuses: Counts,
  errors: Counts,
  latency: Hdr,
  lag: Hdr.nullable(),
  cpuUs: z.number(),
});

export const SseAnswer: z.ZodType<SseResult> = z.strictObject({
  opened: Count,
  completed: Count,
  events: Count,
  elapsedMs: z.number(),
  statuses: Counts,
  errors: Counts,
  firstByte: Hdr,
  delay: Hdr,
  cpuUs: z.number(),
});

export const WebSocketAnswer: z.ZodType<WebSocketResult> = z.strictObject({
  opened: Count,
  messages: Count,
  answered: Count,
  elapsedMs: z.number(),
  errors: Counts,
  roundTrip: Hdr,
  lag: Hdr,
  cpuUs: z.number(),
});

export const SlowAnswer: z.ZodType<SlowResult> = z.strictObject({
  opened: Count,
  held: Count,
  ended: Count,
  bytesSent: Count,
  elapsedMs: z.number(),
  errors: Counts,
  cpuUs: z.number(),
});

/** The first line of an upstream. */
export const Listening = z.strictObject({ listening: z.int().positive() });

const Refusal = z.strictObject({ error: z.string() });

/** Reads a line. Throws what the process has against the question instead of an answer. */
export function readAnswer<Answer>(line: string, schema: z.ZodType<Answer>): Answer {
  const document: unknown = JSON.parse(line);
  const refusal = Refusal.safeParse(document);
  if (refusal.success) throw new Error(`the driver refuses: ${refusal.data.error}`);
  return schema.parse(document);
}
