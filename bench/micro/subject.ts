/**
 * The worker that the micro-benchmark calls, and the requests it calls it with.
 *
 * Ten fields; ten thousand API keys, each of another consumer; a route that asks for a key, limits
 * the consumer's rate, strips a prefix, sets two headers and removes one; a request id,
 * X-Forwarded-For and metrics as always. The upstream has room for one connection, and the first
 * request has it for good: every other is decided on, gets its exchange and its upstream head, an
 * endpoint is looked for, and then it waits for that connection until it is aborted.
 *
 * A cost is measured against this one: what else a worker is configured with is said by `Besides`.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseConfig } from '../../src/config/load.ts';
import type { Model } from '../../src/config/schema.ts';
import { headJoiner } from '../../src/listener/head.ts';
import { createSegment, explain, openWorker, type WorkerCore } from '../../src/native/addon.ts';

export const KEYS = 10_000;
/** No divisor of `KEYS`: every key has its turn, none is near the one before. */
const STRIDE = 7919;

/** Longest wait for the connection; far beyond a run, after which whoever waits is aborted. */
const WAIT_MS = 600_000;

/** YAML of what a worker has besides; each part ends its last line. */
interface Besides {
  readonly settings: string;
  readonly routes: string;
}

const NOTHING: Besides = { settings: '', routes: '' };

/** What both kinds of callers are asked of on the route that is forwarded: all but who they are. */
const FORWARDED_JOB = `
    upstream: echo
    rateLimit: { by: consumer, requests: 1000000, windowMs: 1000 }
    response:
      headers: { set: { x-gateway: stoa } }
`;
const REWRITING = 'set: { x-tenant: "${tenant}", x-consumer: "${consumer}" }, remove: [x-debug]';

/** A route that forwards what is under `/NAME/`, with the whole job. */
export const forwardedRoute = (name: string, auth: string): string => `
  - name: ${name}
    match: { path: /${name}/*, methods: [GET, POST] }
    auth: ${auth}${FORWARDED_JOB}    request:
      path: { stripPrefix: /${name} }
      headers: { ${REWRITING} }
`;

/** `port` is that of the upstream. */
const configOf = (port: number, { settings, routes }: Besides): string => `
version: 1
workers: 1
admin: off
apiKeyFiles: [keys.csv]
${settings}upstreams:
  echo:
    endpoints: [{ url: "http://127.0.0.1:${port}" }]
    connections: { max: 1 }
    timeouts: { connectMs: ${WAIT_MS}, responseMs: 0 }
routes:${forwardedRoute('echo', '{ apiKey: { header: x-api-key } }')}  - name: limited
    match: { path: /limited/* }
    upstream: echo
    auth: { apiKey: { header: x-api-key } }
    rateLimit: { by: route, requests: 1, windowMs: 86400000 }
  - name: moved
    match: { path: /moved/* }
    redirect: { status: 308, to: "https://api.example.test\${path}" }
    auth: { apiKey: { header: x-api-key } }
    rateLimit: { by: consumer, requests: 1000000, windowMs: 1000 }
${routes}`;

/** Names and values in turn, as the front gets them; the key's value comes in between. */
const BEFORE_KEY = [
  ['host', 'api.example.test'],
  ['user-agent', 'acme-client/4.2 (linux; x86_64)'],
  ['accept', 'application/json'],
  ['accept-encoding', 'gzip, deflate, br'],
  ['accept-language', 'en'],
  ['cache-control', 'no-cache'],
] as const;
const AFTER_KEY = [
  ['x-debug', '1'],
  ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['connection', 'keep-alive'],
] as const;

function keyOf(number: number): string {
  return `sk-live-${number.toString(16).padStart(24, '0')}`;
}

/** Where requests come from. */
export const PEER = new Uint8Array([192, 0, 2, 7]).buffer;

export const TENANT = 'acme';

/** The consumer that a key, or a token, of this number belongs to. */
export const consumerOf = (number: number): string => `consumer-${number}`;

/** Callers in the order in which requests come from them. */
export const callers: readonly number[] = Array.from(
  { length: KEYS },
  (_, turn) => (turn * STRIDE) % KEYS,
);

/** Keys in the order in which requests carry them. */
export const keys: readonly string[] = callers.map(keyOf);

/** Heads joined by the listener's own code: one concatenation a piece, twenty strings. */
export function headsOf(
  path: string,
  query?: string,
  credential = 'x-api-key',
): (value: string) => string {
  const head = headJoiner();
  return (value) => {
    head.start('GET', path, query);
    for (const [name, fixed] of BEFORE_KEY) head.addField(name, fixed);
    head.addField(credential, value);
    for (const [name, fixed] of AFTER_KEY) head.addField(name, fixed);
    return head.end();
  };
}

/** A string that is one piece in memory: joining makes a tree, which the crossing flattens. */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** The worker of this process, ready to be called. */
export interface Subject {
  readonly core: WorkerCore;
  readonly model: Model;
  close(): void;
}

/** Opens the one worker of this process. Throws when the configuration means something else. */
export async function openSubject(besides: Besides = NOTHING): Promise<Subject> {
  const upstream = await silentUpstream();
  const { core, model } = openCore(configOf(upstream.port, besides));
  core.setEndpointAddresses('echo', 0, ['127.0.0.1']);
  // Takes the connection, and all that the route `limited` lets through.
  const first = headsOf('/limited/v1/orders')(keyOf(0));
  if (core.begin(first, new Uint8Array([192, 0, 2, 1]).buffer) === 0) {
    throw new Error('the first request was not forwarded');
  }
  return {
    core,
    model,
    close: () => {
      core.close();
      upstream.server.close();
    },
  };
}

/** Takes connections and answers nothing. */
async function silentUpstream(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  return { server, port: address.port };
}

function openCore(config: string): Pick<Subject, 'core' | 'model'> {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
  try {
    const lines = Array.from({ length: KEYS }, (_, number) => {
      const digest = createHash('sha256').update(keyOf(number)).digest('hex');
      return `${digest},${consumerOf(number)},${TENANT}`;
    });
    writeFileSync(join(folder, 'keys.csv'), lines.join('\n'));
    const source = { file: 'bench', baseDir: folder, env: {} };
    const loaded = parseConfig(config, source);
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '));
    const modelJson = JSON.stringify(loaded.model);
    expectForward(modelJson);
    const core = openWorker({ segmentFd: createSegment(modelJson), index: 0, modelJson });
    return { core, model: loaded.model };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is measured as forwarded must be: the right route, and a head with what was asked for. */
function expectForward(modelJson: string): void {
  const { outcome, consumer } = explain(modelJson, {
    method: 'GET',
    target: '/echo/v1/orders?expand=lines',
    headers: [...BEFORE_KEY, ['x-api-key', keyOf(42)], ...AFTER_KEY],
    clientIp: '192.0.2.7',
  });
  const head = outcome.kind === 'forward' ? outcome.requestHead : '';
  const asked = [
    'GET /v1/orders?expand=lines HTTP/1.1\r\n',
    `x-consumer: ${consumerOf(42)}\r\n`,
    `x-tenant: ${TENANT}\r\n`,
    'x-request-id: ',
    'x-forwarded-for: 192.0.2.7\r\n',
  ];
  const missing = asked.filter((part) => !head.includes(part));
  if (consumer !== consumerOf(42) || missing.length > 0 || /x-api-key|x-debug/.test(head)) {
    throw new Error(`the request is not forwarded as it should be: ${JSON.stringify(outcome)}`);
  }
}
