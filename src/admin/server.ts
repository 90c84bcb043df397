/**
 * The admin listener of the main process: health, metrics and revocations, never traffic.
 *
 * `/health/live` says that the main process runs; `/health/ready` that every worker accepts
 * and none is told to stop; `/metrics` is Prometheus text over all workers; `/revocations` is not for
 * everybody (`access.ts`).
 *
 * Bounds: 64 connections, 8 KiB of head, 5 s for a head, 10 s for a request, 5 s idle,
 * 1 000 requests per connection. Of the bodies only that of a revocation is read (`body.ts`).
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { type Access, type NoAccess, refusedAccess } from './access.ts';
import { sendProblem } from './problem.ts';
import { revoke, type RevocationList, sendRevocations, undoRevocation } from './revocations.ts';
import { send, sendJson } from './send.ts';

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
  readonly revocations: RevocationList;
  /** What callers of `/revocations` have to send; null for nothing. */
  readonly token: string | null;
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
  await bound(server, options.host, options.port);
  server.on('error', options.onError);

  const address = server.address();
  const { port, address: ip } =
    typeof address === 'object' && address !== null ? address : { port: options.port, address: '' };
  const isLoopback = ip === '::1' || /^(?:::ffff:)?127\./.test(ip);
  const access = { token: options.token, host: options.host, isLoopback };
  server.on('request', (request, response) => answer(request, response, options, access));
  return { host: options.host, port, close: () => closed(server) };
}

type Handler = (exchange: AdminExchange, options: AdminOptions) => void | Promise<void>;

interface AdminExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the path has in place of `{id}`. */
  readonly id: string;
}

interface AdminRoute {
  /** Whether `access.ts` is asked first. */
  readonly guarded: boolean;
  /** By method; HEAD is as GET. */
  readonly methods: Readonly<Record<string, Handler>>;
}

const ROUTES: ReadonlyMap<string, AdminRoute> = new Map([
  ['/health/live', open(({ response }) => sendJson(response, 200, { status: 'live' }))],
  ['/health/ready', open(({ response }, options) => sendReadiness(response, options))],
  ['/metrics', open(({ response }, options) => sendMetrics(response, options))],
  [
    '/revocations',
    guarded({
      GET: ({ response }, { revocations }) => sendRevocations(response, revocations),
      POST: ({ request, response }, { revocations }) => revoke(request, response, revocations),
    }),
  ],
  [
    '/revocations/{id}',
    guarded({
      DELETE: ({ response, id }, { revocations }) => undoRevocation(response, id, revocations),
    }),
  ],
] satisfies [string, AdminRoute][]);

function open(handler: Handler): AdminRoute {
  return { guarded: false, methods: { GET: handler } };
}

function guarded(methods: AdminRoute['methods']): AdminRoute {
  return { guarded: true, methods };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminOptions,
  access: Access,
): void {
  const { route, id } = routeOf(request.url ?? '');
  const method = request.method ?? '';
  const handler = route?.methods[method === 'HEAD' ? 'GET' : method];
  const refused = refusal(route, handler) ?? guard(route, request, access);
  // Node would wait for the rest of a body that nobody reads: end the connection instead.
  const isRead = method === 'POST' && refused === null;
  if (!isRead && hasBody(request)) response.setHeader('connection', 'close');
  if (refused !== null) sendProblem(response, refused.code, refused.detail, refused.fields);
  else if (handler !== undefined) void attempt(handler, { request, response, id }, options);
}

function routeOf(url: string): { readonly route: AdminRoute | undefined; readonly id: string } {
  const [path = ''] = url.split('?', 1);
  const [, id = ''] = /^\/revocations\/([^/]+)$/.exec(path) ?? [];
  return { route: ROUTES.get(id === '' ? path : '/revocations/{id}'), id };
}

function guard(
  route: AdminRoute | undefined,
  request: IncomingMessage,
  access: Access,
): NoAccess | null {
  return route?.guarded === true ? refusedAccess(request, access) : null;
}

function refusal(route: AdminRoute | undefined, handler: Handler | undefined): NoAccess | null {
  if (route === undefined) {
    const detail = `routes: ${[...ROUTES.keys()].join(', ')}`;
    return { code: 'route_not_found', detail, fields: {} };
  }
  if (handler !== undefined) return null;
  const methods = Object.keys(route.methods).flatMap((one) =>
    one === 'GET' ? [one, 'HEAD'] : one,
  );
  const detail = `only ${methods.join(' and ')}`;
  return { code: 'method_not_allowed', detail, fields: { allow: methods.join(', ') } };
}

/** Handlers build their whole answer before writing, so a failed one has written nothing. */
async function attempt(
  handler: Handler,
  exchange: AdminExchange,
  options: AdminOptions,
): Promise<void> {
  try {
    await handler(exchange, options);
  } catch (error) {
    // A client that left while it sent its body failed nothing of ours.
    if (exchange.request.destroyed && !exchange.request.complete) return;
    options.onError(error);
    sendProblem(exchange.response, 'internal_error', 'see the log of the main process');
  }
}

function sendReadiness(response: ServerResponse, options: AdminOptions): void {
  const { wanted, ready, draining } = options.readiness();
  const status = draining ? 'draining' : ready === wanted ? 'ready' : 'starting';
  sendJson(response, status === 'ready' ? 200 : 503, { status, workers: { wanted, ready } });
}

function sendMetrics(response: ServerResponse, options: AdminOptions): void {
  const type = 'text/plain; version=0.0.4; charset=utf-8';
  send(response, 200, { type, body: options.metrics() });
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
