/**
 * One bounded HTTP exchange over a kept connection.
 *
 * Bounds: the whole exchange within `timeoutMs`, a response of `responseMaxBytes`. Redirects are not
 * followed.
 *
 * @module
 */

import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from 'node:http';
import { Agent as HttpsAgent, request as requestTls } from 'node:https';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
  readonly responseMaxBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The whole took too long. */
export class HttpTimeout extends Error {}

export interface HttpPeer {
  /** Rejects when there is no whole response: `HttpTimeout`, or what went wrong. */
  exchange(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

const IDLE_CONNECTIONS_MAX = 16;

/** `connectionsMax` at most at once; more wait, within their time. */
export function openPeer(connectionsMax: number): HttpPeer {
  const options = {
    keepAlive: true,
    maxSockets: connectionsMax,
    maxFreeSockets: Math.min(connectionsMax, IDLE_CONNECTIONS_MAX),
  };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    exchange: (asked) => exchange(asked, agents),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

async function exchange(
  { method, url, headers, body, timeoutMs, responseMaxBytes }: HttpRequest,
  agents: { readonly http: HttpAgent; readonly https: HttpsAgent },
): Promise<HttpResponse> {
  const signal = AbortSignal.timeout(timeoutMs);
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options = { method, headers: { ...headers, ...length }, signal };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent =
        url.protocol === 'https:'
          ? requestTls(url, { ...options, agent: agents.https }, resolve)
          : request(url, { ...options, agent: agents.http }, resolve);
      sent.on('error', reject).end(body ?? undefined);
    });
    const received = await collect(response, responseMaxBytes);
    return { status: response.statusCode ?? 0, headers: response.headers, body: received };
  } catch (cause) {
    if (signal.aborted) throw new HttpTimeout(`no answer within ${timeoutMs} ms`, { cause });
    throw cause;
  }
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`a response of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
