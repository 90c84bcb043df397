/**
 * Many connections that do little or nothing, and one client that behaves, to see that it is
 * served as if it were alone.
 *
 * @module
 */

import assert from 'node:assert/strict';

import type { Gateway } from '../support/gateway.ts';
import { call, RawClient } from '../support/raw-client.ts';
import { sleep } from '../../arena/host/wait.ts';

/** `STOA_TEST_LONG=1`: ten times as many, and the time that so many take to come. */
const LONG = process.env['STOA_TEST_LONG'] === '1';
export const SCALE = LONG ? 10 : 1;
export const PATIENCE = LONG ? 6 : 1;

const BATCH = 100;

/** Opens `count` connections, a batch at a time, and sends the same first bytes on each. */
export async function crowd(
  port: number,
  count: number,
  first = '',
  from?: string,
): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const size = Math.min(BATCH, count - clients.length);
    const batch = await Promise.all(Array.from({ length: size }, () => RawClient.open(port, from)));
    if (first !== '') for (const client of batch) client.send(first);
    clients.push(...batch);
  }
  return clients;
}

export function disperse(clients: readonly RawClient[]): void {
  for (const client of clients) client.close();
}

/** Other callers get their answers: new connections, one after the other. */
export async function othersAreServed(gateway: Gateway, count = 50): Promise<void> {
  for (let done = 0; done < count; done++) {
    const answer = await call(gateway.port, 'GET /other', { timeoutMs: 5000 });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.text, 'ok');
  }
}

/** Waits until the gateway has nothing in flight any more. */
export async function isQuiet(gateway: Gateway, timeoutMs = 5000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let inFlight = 0;
  do {
    inFlight = await gateway.metric('stoa_exchanges_in_flight');
    if (inFlight === 0) return;
    await sleep(50);
  } while (Date.now() < deadline);
  assert.fail(`${inFlight} exchanges are still in flight`);
}
