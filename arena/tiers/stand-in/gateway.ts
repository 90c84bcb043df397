/**
 * A gateway for the tests of the probe, in a few lines: it does what every tier but the one with
 * many routes asks, and leaves out what it is told to.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as send,
  type ServerResponse,
} from 'node:http';
import { createLocalJWKSet, jwtVerify } from 'jose';

import { AUDIENCE, ISSUER, JWKS } from '../issuer.ts';
import { CALLER, CONSUMERS, keyOf, type Tier } from '../tiers.ts';
import type { Upstream } from '../../load/native.ts';

/** What a gateway may be bad at, one thing at a time. */
export const FLAWS = [
  'answers 404 to everything',
  'skips the key check',
  'shows the key to the upstream',
  'drops the body of a request',
  'cuts a large answer',
  'closes each connection',
  'opens an upstream connection for each request',
  'passes unknown routes',
  'believes x-tenant of a client',
  'leaves x-debug in',
  'answers with another request id',
  'sends no forwarding headers',
  'limits nobody',
  'limits all consumers together',
  'reads tokens without verifying them',
  'takes expired tokens',
] as const;
export type Flaw = (typeof FLAWS)[number];

const LIMIT = 5;
const CONSUMER_OF: ReadonlyMap<string, string> = new Map(
  Array.from({ length: CONSUMERS.usual }, (_, number) => [keyOf(number), `consumer-${number}`]),
);
const KEYS = createLocalJWKSet({ keys: [...JWKS.keys] });
/** Later than any token of the tests: nothing is expired yet at the beginning of time. */
const LONG_AGO = new Date(0);

export async function startGateway(
  tier: Tier,
  upstream: Upstream,
  flaw: Flaw | null,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const gateway = new StandInGateway(tier, upstream, flaw);
  const server = createServer((request, response) => {
    void gateway.handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    stop: () =>
      new Promise((resolve) => {
        gateway.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class StandInGateway {
  readonly #tier: Tier;
  readonly #upstream: Upstream;
  readonly #flaw: Flaw | null;
  readonly #agent: Agent;
  readonly #calls = new Map<string, number>();

  constructor(tier: Tier, upstream: Upstream, flaw: Flaw | null) {
    this.#tier = tier;
    this.#upstream = upstream;
    this.#flaw = flaw;
    const keepAlive = flaw !== 'opens an upstream connection for each request';
    this.#agent = new Agent({ keepAlive });
  }

  close(): void {
    this.#agent.destroy();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#flaw === 'closes each connection') response.setHeader('connection', 'close');
    const refusal = await this.#refusalOf(request);
    if (refusal === null) this.#forward(request, response);
    else {
      response.statusCode = refusal;
      request.resume();
      response.end();
    }
  }

  async #refusalOf({ url = '', headers }: IncomingMessage): Promise<number | null> {
    const flaw = this.#flaw;
    if (flaw === 'answers 404 to everything') return 404;
    const isKnown = this.#consumerOf(headers) !== undefined || flaw === 'skips the key check';
    if (this.#tier !== 'pass' && !isKnown) return 401;
    if (this.#tier === 'jwt' && !(await this.#hasToken(headers))) return 401;
    if (url.startsWith('/limited/')) return this.#isExceeded(headers) ? 429 : null;
    return url.startsWith('/api/') || flaw === 'passes unknown routes' ? null : 404;
  }

  #consumerOf(headers: IncomingHttpHeaders): string | undefined {
    return CONSUMER_OF.get(String(headers['x-api-key']));
  }

  async #hasToken({ authorization = '' }: IncomingHttpHeaders): Promise<boolean> {
    const token = authorization.replace('Bearer ', '');
    if (this.#flaw === 'reads tokens without verifying them') return token !== '';
    const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: ['ES256'] };
    const late = this.#flaw === 'takes expired tokens' ? { currentDate: LONG_AGO } : {};
    return jwtVerify(token, KEYS, { ...options, ...late }).then(
      () => true,
      () => false,
    );
  }

  #isExceeded(headers: IncomingHttpHeaders): boolean {
    if (this.#flaw === 'limits nobody') return false;
    const isShared = this.#flaw === 'limits all consumers together';
    const who = isShared ? '' : (this.#consumerOf(headers) ?? '');
    const calls = (this.#calls.get(who) ?? 0) + 1;
    this.#calls.set(who, calls);
    return calls > LIMIT;
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const { method, url } = request;
    const id = randomUUID();
    const headers = this.#rewritten(request, id);
    const { host, port } = this.#upstream;
    const options = { host, port, path: url, method, headers, agent: this.#agent };
    const sent = send(options, (answer) => {
      response.statusCode = answer.statusCode ?? 500;
      const isOther = this.#flaw === 'answers with another request id';
      if (this.#isFull()) response.setHeader('x-request-id', isOther ? randomUUID() : id);
      if (this.#flaw === 'cuts a large answer') {
        answer.on('data', (piece: Buffer) => response.write(piece.subarray(0, 10_000)));
        answer.once('end', () => response.end());
      } else answer.pipe(response);
    });
    sent.once('error', () => response.destroy());
    if (this.#flaw === 'drops the body of a request') {
      request.resume();
      sent.end();
    } else request.pipe(sent);
  }

  #isFull(): boolean {
    return this.#tier !== 'pass' && this.#tier !== 'key';
  }

  #rewritten(request: IncomingMessage, id: string): IncomingHttpHeaders {
    const flaw = this.#flaw;
    const headers = { ...request.headers };
    if (flaw === 'drops the body of a request') {
      delete headers['content-length'];
      delete headers['transfer-encoding'];
    }
    if (this.#tier !== 'pass' && flaw !== 'shows the key to the upstream') {
      delete headers['x-api-key'];
    }
    if (!this.#isFull()) return headers;
    if (flaw !== 'leaves x-debug in') delete headers['x-debug'];
    if (flaw !== 'believes x-tenant of a client') headers['x-tenant'] = CALLER.tenant;
    headers['x-consumer'] = this.#consumerOf(request.headers) ?? '';
    headers['x-request-id'] = id;
    if (flaw === 'sends no forwarding headers') return headers;
    headers['x-forwarded-for'] = request.socket.remoteAddress ?? '';
    headers['x-forwarded-proto'] = 'http';
    headers['x-forwarded-host'] = request.headers.host ?? '';
    return headers;
  }
}
