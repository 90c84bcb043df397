/**
 * The sink that is a URL: batches are posted as CloudEvents, signed; any 2xx acknowledges.
 *
 * `stoa-signature: v1=HEX` is HMAC-SHA-256 of `TIMESTAMP.BODY` with the secret, `stoa-timestamp` the time in seconds; so a
 * receiver can refuse old ones. Bounds: `timeoutMs` a batch; of an answer nothing is read but its status.
 * Source: CloudEvents 1.0.2 HTTP binding §3.3 (batch), RFC 2104.
 *
 * @module
 */

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { GatewayError } from '../errors.ts';
import type { Sink } from './sink.ts';
import type { SpooledEvent } from './source.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly secretFile: string;
  readonly timeoutMs: number;
}

export class WebhookSink implements Sink {
  readonly #options: WebhookOptions;
  readonly #now: () => number;
  readonly #abort = new AbortController();

  constructor(options: WebhookOptions, now: () => number = Date.now) {
    this.#options = options;
    this.#now = now;
  }

  async send(events: readonly SpooledEvent[]): Promise<void> {
    const { url, secretFile, timeoutMs } = this.#options;
    const body = `[${events.map(({ line }) => line).join(',')}]`;
    const timestamp = String(Math.floor(this.#now() / 1000));
    // Read each time, so that a new secret needs no restart.
    const secret = readFileSync(secretFile, 'utf8').trim();
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeoutMs)]),
      headers: {
        'content-type': 'application/cloudevents-batch+json; charset=utf-8',
        'stoa-timestamp': timestamp,
        'stoa-signature': `v1=${signatureOf(secret, timestamp, body)}`,
      },
      body,
    });
    await response.body?.cancel();
    if (!response.ok) {
      throw new GatewayError('sink_failed', `the webhook answered with status ${response.status}`);
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
  }
}

/** What a receiver compares, in constant time. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}
