/**
 * Listeners: where connections come in, and what they may do.
 *
 * @module
 */

import * as z from 'zod';

import { AddressText, duration, whole } from './fields.ts';

const Connections = z
  .strictObject({
    max: whole(1, 65_535)
      .default(20_000)
      .describe('Most open connections in one worker; further ones are closed at once.'),
    perAddressMax: whole(1, 65_535)
      .default(65_535)
      .describe('Most open connections from one address in one worker.'),
    headMs: duration()
      .default(10_000)
      .describe('Longest time from the first byte of a request to the end of its head; then 408.'),
    idleMs: duration()
      .default(60_000)
      .describe('Longest time between two requests; then the connection is closed.'),
    sendIdleMs: duration()
      .default(30_000)
      .describe('Longest time in which a client takes nothing of its response.'),
    bodyBytesPerSecondMin: whole(0, 1_073_741_824)
      .default(64)
      .describe('Slowest pace of a request body after its first 10 s; slower is 408. 0 is any.'),
  })
  .describe('Bounds of the connections; the native front only.');

export const Listener = z
  .strictObject({
    address: AddressText.default('127.0.0.1:8080').describe(
      'Where to listen, `host:port`. `0.0.0.0` is every IPv4 address; port 0 picks a free one.',
    ),
    front: z
      .enum(['uws', 'native'])
      .default('uws')
      .describe('What reads requests: uWebSockets.js, or the native front. See docs/fronts.md.'),
    connections: Connections.optional(),
  })
  .superRefine(({ front, connections }, context) => {
    if (front === 'native' || connections === undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['connections'],
      message: 'uWebSockets.js has bounds of its own; these need "front: native"',
    });
  })
  .transform(({ front, connections, ...listener }) => ({
    ...listener,
    front,
    connections: front === 'native' ? (connections ?? Connections.parse({})) : null,
  }))
  .describe('A socket that accepts HTTP/1.1.');
