/**
 * When a target that has been started can be used: it answers a request, whatever it answers.
 *
 * Bounds: 2 seconds for one answer; the manifest says how long in all.
 *
 * @module
 */

import { request } from 'node:http';
import { createServer } from 'node:net';

import { until } from '../host/wait.ts';

const ANSWER_TIMEOUT_MS = 2000;
/** Of what a target that doesn't come up wrote. */
const OUTPUT_SHOWN_CHARS = 4000;

export interface Readiness {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
}

export interface Living {
  readonly alive: () => boolean;
  readonly output: () => string;
}

/** Rejects, with its output, when the target ends or does not answer in time. */
export async function whenReady(name: string, at: Readiness, living: Living): Promise<void> {
  const answers = async (): Promise<boolean> => {
    if (!living.alive()) throw new Error(`${name} has ended: ${shown(living)}`);
    return isAnswering(at);
  };
  try {
    await until(`${name} answers`, answers, at.timeoutMs);
  } catch (cause) {
    if (!living.alive()) throw cause;
    throw new Error(`${name} does not answer in ${at.timeoutMs} ms: ${shown(living)}`, { cause });
  }
}

function shown(living: Living): string {
  return living.output().slice(-OUTPUT_SHOWN_CHARS).trim() || '(it wrote nothing)';
}

function isAnswering({ host, port, path }: Readiness): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host, port, path, agent: false, timeout: ANSWER_TIMEOUT_MS };
    const sent = request(options, (response) => {
      resolve(true);
      response.destroy();
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.once('error', () => resolve(false));
    sent.end();
  });
}

/** Rejects when something listens on a port that a target is to have: it would be measured instead. */
export function assertFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) => {
      reject(new Error(`port ${port} of 127.0.0.1 is taken: ${cause.message}`, { cause }));
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
      server.close(() => resolve()),
    );
  });
}
