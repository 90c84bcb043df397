/**
 * A server of OPA's Data API that answers when a test lets it, and keeps what it was asked.
 *
 * Source: openpolicyagent.org/docs/rest-api, Data API.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { PolicyInput } from '../../src/policy/input.ts';

export class HeldOpa {
  /** What it answers; undefined is a rule that says nothing. */
  decide: (input: PolicyInput) => unknown = () => true;
  /** Every input it was asked about, and where. */
  readonly inputs: PolicyInput[] = [];
  readonly paths: string[] = [];
  #holds = false;
  #waiting: (() => void)[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<HeldOpa> {
    const opa = new HeldOpa();
    await new Promise<void>((resolve) => opa.#server.unref().listen(0, '127.0.0.1', resolve));
    return opa;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Whoever asks from now on waits. */
  hold(): void {
    this.#holds = true;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Those who wait are answered, and whoever comes. */
  release(): void {
    this.#holds = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { input } = JSON.parse(Buffer.concat(chunks).toString()) as { input: PolicyInput };
    this.inputs.push(input);
    this.paths.push(request.url ?? '');
    const answer = (): void => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ result: this.decide(input) }));
    };
    if (this.#holds) this.#waiting.push(answer);
    else answer();
  }
}
