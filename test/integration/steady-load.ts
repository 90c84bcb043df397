/**
 * Open-loop load: so many requests a second are begun whatever has become of those before, each with a name of its own.
 *
 * Bounds: `CONNECTIONS_MAX` connections; a request ends, one way or the other, after `REQUEST_MAX_MS`.
 *
 * @module
 */

import { Agent, get } from 'node:http';

import { until } from '../../arena/host/wait.ts';

const CONNECTIONS_MAX = 256;
const REQUEST_MAX_MS = 15_000;
const TICK_MS = 10;

export interface SteadyLoadOptions {
  readonly port: number;
  readonly perSecond: number;
  /** Sent with each, one after the other. */
  readonly apiKeys: readonly string[];
}

/** A request without an answer of the gateway, or with one that is no 200. Times in ms since 1970. */
export interface Failure {
  readonly id: string;
  readonly why: string;
  readonly begunMs: number;
  readonly endedMs: number;
}

export class SteadyLoad {
  /** Identifiers of those that were answered with 200, whole. */
  readonly answered = new Set<string>();
  readonly failures: Failure[] = [];
  begun = 0;
  readonly #options: SteadyLoadOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  readonly #timer: NodeJS.Timeout;
  readonly #startedMs = performance.now();

  constructor(options: SteadyLoadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#beginDue(), TICK_MS);
  }

  /** Begins no more, and waits for those under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const ended = (): number => this.answered.size + this.failures.length;
    await until('every request ends', () => ended() === this.begun, 2 * REQUEST_MAX_MS);
    this.#agent.destroy();
  }

  #beginDue(): void {
    const elapsedMs = performance.now() - this.#startedMs;
    const due = Math.floor((elapsedMs * this.#options.perSecond) / 1000);
    while (this.begun < due) this.#begin();
  }

  #begin(): void {
    const { port, apiKeys } = this.#options;
    const id = `steady-${this.begun}`;
    const apiKey = apiKeys[this.begun % apiKeys.length] ?? '';
    this.begun += 1;
    const begunMs = Date.now();
    let isOver = false;
    const end = (why: string | null): void => {
      if (isOver) return;
      isOver = true;
      if (why === null) this.answered.add(id);
      else this.failures.push({ id, why, begunMs, endedMs: Date.now() });
    };
    const outgoing = get(
      {
        agent: this.#agent,
        host: '127.0.0.1',
        port,
        path: `/load/${id}`,
        headers: { 'x-request-id': id, 'x-api-key': apiKey },
        timeout: REQUEST_MAX_MS,
      },
      (response) => {
        const { statusCode } = response;
        response.resume().on('close', () => {
          if (!response.complete) end('answer broke off');
          else end(statusCode === 200 ? null : `status ${statusCode}`);
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  }
}
