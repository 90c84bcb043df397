/**
 * Upstreams: named backends, their addresses, and how patient the gateway is with them.
 *
 * @module
 */

import * as z from 'zod';

import { endpointUrlProblem } from '../address.ts';
import { duration, optionalDuration, whole } from './fields.ts';

const EndpointUrl = z
  .string()
  .max(300)
  .superRefine((text, context) => {
    const message = endpointUrlProblem(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  })
  .transform((text) => new URL(text).origin);

const Endpoint = z.strictObject({
  url: EndpointUrl.describe('`http://host:port`. A name is looked up by DNS and refreshed.'),
  weight: whole(1, 10_000).default(1).describe('Its share of requests among its siblings.'),
});

const Timeouts = z
  .strictObject({
    connectMs: duration().default(1000).describe('To be connected; then 504.'),
    responseMs: optionalDuration()
      .default(30_000)
      .describe('From the end of the request to the response’s headers; then 504. 0 is no limit.'),
    idleMs: optionalDuration()
      .default(60_000)
      .describe('Longest pause inside a response body; then it is cut. 0 is no limit.'),
    totalMs: optionalDuration().default(0).describe('For the whole exchange. 0 is no limit.'),
  })
  .describe('How long each step may take, in milliseconds.');

const Connections = z
  .strictObject({
    max: whole(1, 65_536).default(1024).describe('Most connections a worker opens to an endpoint.'),
    idleMax: whole(0, 65_536).default(256).describe('Most of them kept open while idle.'),
    idleMs: duration()
      .default(55_000)
      .describe('How long an idle one is kept; choose it below the upstream’s own keep-alive.'),
    pendingMax: whole(0, 1_048_576)
      .default(4096)
      .describe('Most requests that wait for a connection; more is 503.'),
  })
  .describe('How many connections there may be.');

const Dns = z
  .strictObject({
    refreshMs: duration().min(1000).default(30_000).describe('Time between two look-ups.'),
  })
  .describe('How names are kept fresh.');

export const Upstream = z
  .strictObject({
    endpoints: z
      .array(Endpoint)
      .min(1)
      .max(64)
      .describe('Its addresses; requests are spread over them by weight.'),
    timeouts: Timeouts.prefault({}),
    connections: Connections.prefault({}),
    hostHeader: z
      .enum(['preserve', 'upstream'])
      .default('preserve')
      .describe('The `Host` it sees: the client’s, or its own.'),
    dns: Dns.prefault({}),
  })
  .describe('A backend.');
