/**
 * The read-only HTTP server over a schedule's folder.
 *
 * Bounds: 64 connections, 8 KiB of head, 5 s for a head, 10 s for a request, 5 s idle between
 * requests, 30 s in which nothing of an answer is taken, 1 000 requests a connection. Request
 * bodies are never read. A stop waits 5 s for answers that are being written.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { setUsualFields } from './answer.ts';
import { type MetricsOf, Pages } from './pages.ts';
import { answerProblem, PageProblem } from './problem.ts';
import { ADDRESSES, routeOf } from './route.ts';

export interface ArenaServerOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly folder: string;
  readonly metricsOf: MetricsOf;
  readonly onError: (error: unknown) => void;
}

export interface ArenaServer {
  readonly port: number;
  /** Resolves when the port is free, answers are written or cut, connections closed. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 64;
const HEAD_MAX_BYTES = 8192;
const HEAD_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 5000;
const STALL_TIMEOUT_MS = 30_000;
const REQUESTS_PER_CONNECTION_MAX = 1000;
const STOP_TIMEOUT_MS = 5000;
const SWEEP_INTERVAL_MS = 50;

/** Rejects when the address can't be bound. */
export async function openArenaServer(options: ArenaServerOptions): Promise<ArenaServer> {
  const pages = new Pages(options.folder, options.metricsOf);
  const server = createServer(
    {
      maxHeaderSize: HEAD_MAX_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => void answer(request, response, pages, options.onError),
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION_MAX;
  server.timeout = STALL_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', options.onError);
      resolve();
    });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { port, close: () => closed(server) };
}

/** Never rejects. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  pages: Pages,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    setUsualFields(response);
    // Node would wait for the rest of a body that nobody reads: end the connection instead.
    if (hasBody(request)) response.setHeader('connection', 'close');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new PageProblem('method_not_allowed', 'only GET and HEAD');
    }
    const route = routeOf(request.url ?? '');
    if (route === null) {
      throw new PageProblem('page_not_found', `pages: ${ADDRESSES.join(', ')}`);
    }
    await pages.show(route, response);
  } catch (error) {
    fail(response, error, onError);
  }
}

function fail(response: ServerResponse, error: unknown, onError: (error: unknown) => void): void {
  if (response.headersSent) {
    // Whoever asked has gone, or the file has been cut: an answer that ends early is broken off.
    if (!response.writableFinished) response.destroy();
    return;
  }
  if (!(error instanceof PageProblem)) onError(error);
  for (const name of ['etag', 'content-encoding', 'content-length', 'vary']) {
    response.removeHeader(name);
  }
  const problem =
    error instanceof PageProblem
      ? error
      : new PageProblem('internal_error', 'see the server’s log');
  answerProblem(response, problem);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const insist = setTimeout(() => server.closeAllConnections(), STOP_TIMEOUT_MS);
    // A connection is idle again, and would be kept, once its answer has been written.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_INTERVAL_MS);
    server.close(() => {
      clearTimeout(insist);
      clearInterval(sweep);
      resolve();
    });
  });
}
