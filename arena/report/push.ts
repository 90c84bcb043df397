/**
 * Sends metrics to a Prometheus pushgateway, which keeps the last it was sent.
 *
 * Bounds: one request, 10 s, no redirects. No password by default.
 *
 * @module
 */

import { GatewayError } from '../../src/errors.ts';

const TIMEOUT_MS = 10_000;
const JOB = 'gateway_arena';
/** Of an answer that says why not. */
const SHOWN_MAX_CHARACTERS = 300;

export interface PushOptions {
  /** Value of the Authorization field; none is sent without one. */
  readonly authorization: string | undefined;
}

/** Replaces what the gateway has of this job. Resolves to what to tell; rejects when it was not taken. */
export async function pushMetrics(
  url: string,
  text: string,
  options: PushOptions,
): Promise<string> {
  const address = addressOf(url);
  const headers: Record<string, string> = { 'content-type': 'text/plain; version=0.0.4' };
  if (options.authorization !== undefined) headers['authorization'] = options.authorization;
  const request = { method: 'PUT', headers, body: text, redirect: 'error' } as const;
  const answer = await fetch(address, {
    ...request,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new GatewayError(
      'usage',
      `the pushgateway at ${address.origin} cannot be reached: is it running there?`,
      {
        cause: error,
      },
    );
  });
  if (!answer.ok) {
    const said = (await answer.text()).slice(0, SHOWN_MAX_CHARACTERS);
    throw new GatewayError(
      'usage',
      `the pushgateway at ${address.origin} answered ${answer.status}: ${said}`,
    );
  }
  return `pushed to ${address.origin} as job ${JOB}`;
}

function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : null;
  if (address === null || !/^https?:$/.test(address.protocol)) {
    throw new GatewayError('usage', `--push takes an http or https URL, not "${url}"`);
  }
  if (address.username !== '' || address.password !== '') {
    throw new GatewayError(
      'usage',
      '--push takes no password in its URL: set ARENA_PUSH_AUTHORIZATION instead',
    );
  }
  return new URL(`${address.pathname.replace(/\/+$/, '')}/metrics/job/${JOB}`, address);
}
