/**
 * One connection's client in the mix-up test, on node's own HTTP client: sends a planned request
 * and says whether what came back is what may come back.
 *
 * @module
 */

import { Agent, type IncomingMessage, request } from 'node:http';

import { PatternCheck, patternOf } from './pattern.ts';
import { type Plan, targetOf } from './plan.ts';

const REQUEST_TIMEOUT_MS = 30_000;

/** Null: as planned. A mix-up is somebody else's byte; a loss is no answer, or a wrong one. */
export type Fault = { readonly kind: 'mixup' | 'lost'; readonly what: string } | null;

interface Received {
  readonly status: number;
  readonly id: string | undefined;
  readonly body: PatternCheck;
  /** The message ended as its framing says it must. */
  readonly complete: boolean;
}

function lost(what: string): Fault {
  return { kind: 'lost', what };
}

function isForeign({ id }: Plan, received: Received): boolean {
  return received.status === 200 && (received.id !== String(id) || !received.body.matches);
}

/** What a response, or an error in its place, means for this plan. */
function judge(plan: Plan, received: Received | Error, aborted: boolean): Fault {
  const label = `${plan.fate} ${targetOf(plan)}`;
  if (received instanceof Error) {
    return aborted || plan.fate === 'reset-late' ? null : lost(`${label}: ${received.message}`);
  }
  if (isForeign(plan, received)) return { kind: 'mixup', what: `${label}: ${received.id}` };
  if (aborted) return null;
  const got = `${received.status}, ${received.body.bytes} bytes, complete: ${received.complete}`;
  if (plan.fate === 'reset-early') {
    return received.status === 502 ? null : lost(`${label}: ${got}`);
  }
  if (plan.fate === 'reset-late') return received.complete ? lost(`${label}: ${got}`) : null;
  const isWhole = received.complete && received.body.bytes === plan.downloadBytes;
  return received.status === 200 && isWhole ? null : lost(`${label}: ${got}`);
}

function read(response: IncomingMessage, id: number): Promise<Received> {
  return new Promise((resolve) => {
    const body = new PatternCheck(id);
    const status = response.statusCode ?? 0;
    response.on('data', (chunk: Buffer) => body.take(chunk));
    response.on('error', () => {});
    response.on('close', () => {
      const mixId = response.headers['x-mix-id'];
      resolve({ status, id: mixId?.toString(), body, complete: response.complete });
    });
  });
}

export class MixClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  close(): void {
    this.#agent.destroy();
  }

  run(plan: Plan): Promise<Fault> {
    const { uploadBytes, uploadChunked, id } = plan;
    const headers: Record<string, string | number> = { 'x-mix-id': id };
    if (uploadBytes !== null) {
      headers['x-mix-bytes'] = uploadBytes;
      if (!uploadChunked) headers['content-length'] = uploadBytes;
    }
    return new Promise((resolve) => {
      let aborted = false;
      const settle = (received: Received | Error) => {
        clearTimeout(timer);
        resolve(judge(plan, received, aborted));
      };
      const outgoing = request({
        agent: this.#agent,
        host: '127.0.0.1',
        port: this.#port,
        path: targetOf(plan),
        method: uploadBytes === null ? 'GET' : 'POST',
        headers,
      });
      const timer = setTimeout(
        () => {
          aborted = plan.fate === 'abort';
          outgoing.destroy(new Error('timed out'));
        },
        plan.fate === 'abort' ? plan.abortAfterMs : REQUEST_TIMEOUT_MS,
      );
      outgoing.on('response', (response) => void read(response, id).then(settle));
      outgoing.on('error', settle);
      if (uploadBytes === null) outgoing.end();
      else this.#upload(outgoing, plan);
    });
  }

  #upload(outgoing: ReturnType<typeof request>, plan: Plan): void {
    const body = patternOf(plan.id, plan.uploadBytes ?? 0);
    if (plan.uploadChunked) outgoing.write(body.subarray(0, body.length >> 1));
    outgoing.end(plan.uploadChunked ? body.subarray(body.length >> 1) : body);
  }
}
