/**
 * The admin listener of the main process: health and metrics, never traffic.
 *
 * `/health/live` says that the main process runs; `/health/ready` that every worker accepts
 * and none is told to stop; `/metrics` is Prometheus text over all workers.
 *
 * Bounds: 64 connections, 8 KiB of head, 5 s for a head, 10 s for a request, 5 s idle,
 * 1 000 requests per connection. Request bodies are never read.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { sendProblem } from './problem.ts';

/** How many workers there should be, how many accept, and whether they are told to stop. */
export interface Readiness {
  readonly wanted: number;
  readonly ready: number;
  readonly draining: boolean;
}

export interface AdminOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly readiness: () => Readiness;
  /** Prometheus text exposition format 0.0.4. May throw: the caller of the route gets a 500. */
  readonly metrics: () => string;
  readonly onError: (error: unknown) => void;
}

export interface Admin {
  readonly host: string;
  readonly port: number;
  /** Resolves when the port is free and every connection is closed. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 64;
const HEAD_MAX_BYTES = 8192;
const HEAD_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 5000;
const REQUESTS_PER_CONNECTION_MAX = 1000;

/** Rejects when the address can't be bound. */
export async function openAdmin(options: AdminOptions): Promise<Admin> {
  const server = createServer({
    maxHeaderSize: HEAD_MAX_BYTES,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
  server.on('request', (request, response) => answer(request, response, options));
  await bound(server, options.host, options.port);
  server.on('error', options.onError);

  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { host: options.host, port, close: () => closed(server) };
}

type Handler = (response: ServerResponse, options: AdminOptions) => void;

const ROUTES: ReadonlyMap<string, Handler> = new Map([
  ['/health/live', (response) => sendJson(response, 200, { status: 'live' })],
  ['/health/ready', sendReadiness],
  ['/metrics', sendMetrics],
] satisfies [string, Handler][]);

function answer(request: IncomingMessage, response: ServerResponse, options: AdminOptions): void {
  // Node would wait for the rest of a body that nobody reads: end the connection instead.
  if (hasBody(request)) response.setHeader('connection', 'close');

  const path = request.url?.split('?', 1)[0] ?? '';
  const handler = ROUTES.get(path);
  if (handler === undefined) {
    sendProblem(response, 'route_not_found', `routes: ${[...ROUTES.keys()].join(', ')}`);
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendProblem(response, 'method_not_allowed', 'only GET and HEAD', { allow: 'GET, HEAD' });
  } else {
    attempt(handler, response, options);
  }
}

/** Handlers build their whole answer before writing, so a failed one has written nothing. */
function attempt(handler: Handler, response: ServerResponse, options: AdminOptions): void {
  try {
    handler(response, options);
  } catch (error) {
    options.onError(error);
    sendProblem(response, 'internal_error', 'see the log of the main process');
  }
}

function sendReadiness(response: ServerResponse, options: AdminOptions): void {
  const { wanted, ready, draining } = options.readiness();
  const status = draining ? 'draining' : ready === wanted ? 'ready' : 'starting';
  sendJson(response, status === 'ready' ? 200 : 503, { status, workers: { wanted, ready } });
}

function sendMetrics(response: ServerResponse, options: AdminOptions): void {
  send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', options.metrics());
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(value)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function bound(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
