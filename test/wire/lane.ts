/**
 * One gateway and one recording upstream, with the routes the byte-level cases assume. Cases run
 * one after the other on a lane; several lanes run at once.
 *
 * @module
 */

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { callOn, type Observed, RawClient, type Segment } from '../support/raw-client.ts';
import { ok, RecordingUpstream, type UpstreamConnection } from '../support/recording-upstream.ts';
import { sleep, until } from '../../arena/host/wait.ts';
import type { Outcome } from './vectors.ts';

/** How long a client waits for an answer that should come at once. */
const ANSWER_TIMEOUT_MS = 900;
/** How long it goes on reading after the answer, for what should not come. */
const QUIET_MS = 60;
/** A request body may pause this long (the gateway's setting); uWebSockets.js' own is 10 s. */
const BODY_IDLE_MS = 1200;

function lanesYaml(upstreamUrl: string): string {
  return `
limits: { bodyIdleMs: ${BODY_IDLE_MS} }
upstreams:
  recorder:
    endpoints: [{ url: "${upstreamUrl}" }]
    timeouts: { connectMs: 1000, responseMs: 4000, idleMs: 4000 }
consumers:
  acme-app: { tenant: acme, apiKeys: [{ value: good }] }
routes:
  - { name: echo, match: { path: /echo }, upstream: recorder, request: { bodyMaxBytes: 65536 } }
  - { name: escapes, match: { path: "~/echo%0D%0A.*" }, upstream: recorder }
  - { name: protected, match: { path: /protected }, upstream: recorder, auth: { apiKey: { header: x-api-key } } }
  - { name: limited, match: { path: /limited }, upstream: recorder, rateLimit: { by: route, requests: 5, windowMs: 10000 } }
  - { name: cached, match: { path: /cached }, upstream: recorder }
  - { name: public, match: { path: /public/* }, upstream: recorder }
  - { name: admin, match: { path: /admin/* }, deny: true }
  - { name: ws, match: { path: /ws }, upstream: recorder }
  - { name: delay, match: { path: "/delay/{ms}" }, upstream: recorder }
  - { name: next, match: { path: /next }, upstream: recorder }
  - { name: a, match: { path: "~/a+" }, upstream: recorder }
  - { name: b, match: { path: /b }, upstream: recorder }
  - { name: smuggled, match: { path: /smuggled }, upstream: recorder }
`;
}

export interface ExchangeOptions {
  /** Final answers to wait for. */
  readonly answers: number;
  readonly timeoutMs?: number;
  readonly methods?: readonly string[];
  /** A plain request is served on the connection before. */
  readonly greets?: boolean;
}

export class Lane {
  readonly gateway: Gateway;
  readonly upstream: RecordingUpstream;

  private constructor(gateway: Gateway, upstream: RecordingUpstream) {
    this.gateway = gateway;
    this.upstream = upstream;
  }

  static async start(front: Front): Promise<Lane> {
    const upstream = await RecordingUpstream.start(async ({ target }) => {
      const [, delay] = /^\/delay\/(\d+)/.exec(target) ?? [];
      if (delay !== undefined) await sleep(Number(delay));
      return ok();
    });
    try {
      return new Lane(await startGateway(lanesYaml(upstream.url), { front }), upstream);
    } catch (error) {
      await upstream.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await stopAll(this.gateway, this.upstream);
  }

  /** Sends a case's bytes, and waits for what comes of it on both sides. */
  async exchange(segments: readonly Segment[], options: ExchangeOptions): Promise<Outcome> {
    const { answers, timeoutMs = ANSWER_TIMEOUT_MS, methods = [], greets = false } = options;
    this.upstream.forget();
    const client = await RawClient.open(this.gateway.port);
    try {
      if (greets) await this.#greet(client);
      await client.sendSegments(segments);
      const early = await client.read(() => true, { timeoutMs: timeoutMs > 1000 ? 500 : 0 });
      const quietFor500Ms = early.bytes.length === 0 && !early.closed;
      const seen = await client.read(({ responses }) => responses.length >= answers, {
        methods,
        timeoutMs,
        quietMs: QUIET_MS,
      });
      client.close();
      return { seen, quietFor500Ms, upstream: await this.#settled() };
    } finally {
      client.close();
    }
  }

  /** A plain request answered by these bytes (`<FIN>` closes), and a second one after it. */
  async scripted(
    raw: string,
    request = 'GET /echo HTTP/1.1\r\nHost: gw.test\r\n\r\n',
  ): Promise<{ seen: Observed; closedUpstream: boolean; reusable: boolean }> {
    this.upstream.forget();
    const plain = this.upstream.answer;
    const [bytes = '', fin] = raw.split('<FIN>');
    const used: UpstreamConnection[] = [];
    this.upstream.answer = (_request, connection) => {
      const { socket } = connection;
      used.push(connection);
      socket.write(Buffer.from(bytes, 'latin1'));
      if (fin !== undefined) socket.end();
      return null;
    };
    const client = await RawClient.open(this.gateway.port);
    try {
      client.send(request);
      const seen = await client.read(({ responses }) => responses.length > 0, {
        timeoutMs: 3000,
        quietMs: QUIET_MS,
      });
      this.upstream.answer = () => ok('sentinel');
      const reusable = await this.#isServed('sentinel');
      const closedUpstream = used.every(({ closed }) => closed);
      return { seen, closedUpstream, reusable };
    } finally {
      this.upstream.answer = plain;
      client.close();
    }
  }

  /** Makes what follows a later request of its connection; nothing of it is counted. */
  async #greet(client: RawClient): Promise<void> {
    await callOn(client, 'GET /next');
    client.forget();
    this.upstream.forget();
  }

  /** The next client gets its own answer, whatever the case left behind. */
  async #isServed(body: string): Promise<boolean> {
    const client = await RawClient.open(this.gateway.port);
    client.send('GET /next HTTP/1.1\r\nHost: gw.test\r\n\r\n');
    const seen = await client.read(({ responses }) => responses.length > 0, { timeoutMs: 2000 });
    client.close();
    const [response] = seen.responses;
    return response?.status === 200 && response.body.toString() === body;
  }

  /** The upstream's connections once no half request is left hanging on an open one. */
  async #settled(): Promise<readonly UpstreamConnection[]> {
    const { connections } = this.upstream;
    const isSettled = () =>
      connections.every(({ incomplete, closed }) => incomplete.length === 0 || closed);
    await sleep(10);
    await until('half requests end', isSettled, 1000).catch(() => {});
    return connections;
  }
}

/** Runs every case on the next free of `lanes`; results come in the cases' order. */
export async function onLanes<T, R>(
  lanes: readonly Lane[],
  cases: readonly T[],
  run: (lane: Lane, one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      for (let index = next++; index < cases.length; index = next++) {
        const one = cases[index] as T;
        results[index] = await run(lane, one);
      }
    }),
  );
  return results;
}
