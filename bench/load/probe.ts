/**
 * Does a target do the job? It is asked before it is timed; one that does less is not timed.
 *
 * @module
 */

import { Agent, get, type IncomingHttpHeaders } from 'node:http';
import { Agent as TlsAgent, get as getWithTls } from 'node:https';
import { isIP } from 'node:net';

import { until } from '../../arena/host/wait.ts';
import { BODIES, BODY_BYTES, CALLER } from './stage.ts';
import type { Target } from './targets.ts';

const REQUEST_TIMEOUT_MS = 2000;
const READY_TIMEOUT_MS = 15_000;
/** More than the limit of 5 on /limited/ lets through, whatever the algorithm. */
const LIMITED_CALLS = 8;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether the connection had served a request before. */
  readonly reused: boolean;
}

type Call = (path: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;

function caller({ port, certificate }: Target, agent: Agent): Call {
  const send = certificate === undefined ? get : getWithTls;
  return (path, headers = {}) =>
    new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        path,
        headers,
        agent,
        timeout: REQUEST_TIMEOUT_MS,
      };
      const request = send(options, (response) => {
        let body = '';
        response.setEncoding('latin1').on('data', (text: string) => {
          body += text;
        });
        response.once('end', () => {
          const { statusCode: status = 0, headers: fields } = response;
          resolve({ status, headers: fields, body, reused: request.reusedSocket });
        });
      });
      request.once('timeout', () => request.destroy(new Error('no answer in time')));
      request.once('error', (cause) => {
        reject(new Error(`${path}: ${cause.message}`, { cause }));
      });
    });
}

/** Waits until the target answers anything at all. Rejects, with its output, when it never does. */
async function whenReady({ name, service }: Target, call: Call): Promise<void> {
  const answers = async (): Promise<boolean> => {
    if (!service.alive()) throw new Error(`${name} has ended: ${service.output()}`);
    return call('/').then(
      () => true,
      () => false,
    );
  };
  await until(`${name} answers`, answers, READY_TIMEOUT_MS);
}

interface Seen {
  readonly [field: string]: unknown;
}

/** What the upstream saw of a request that lies about who sent it. */
async function checkRewriting(
  call: Call,
  scheme: string,
  wrong: (what: string) => void,
): Promise<void> {
  const forged = { 'x-tenant': 'forged', 'x-consumer': 'forged', 'x-debug': '1' };
  const answer = await call('/api/probe', { ...forged, 'x-api-key': CALLER.key });
  const seen: Seen = JSON.parse(answer.body);
  const expected: Seen = {
    consumer: CALLER.consumer,
    tenant: CALLER.tenant,
    key: '',
    debug: '',
    forwardedProto: scheme,
  };
  for (const [field, value] of Object.entries(expected)) {
    if (seen[field] !== value) wrong(`the upstream saw ${field} "${String(seen[field])}"`);
  }
  // Envoy gives its own address for a client on the loopback interface.
  if (isIP(String(seen['forwardedFor'])) === 0) wrong('X-Forwarded-For is no address');
  if (!String(seen['forwardedHost']).startsWith('127.0.0.1')) wrong('X-Forwarded-Host is missing');
  const id = String(seen['requestId']);
  if (id.length < 16) wrong('the upstream saw no request id');
  if (answer.headers['x-request-id'] !== id) wrong('the answer has another request id');
  if (!answer.reused) wrong('the downstream connection is not kept alive');
  const { served }: Seen = JSON.parse((await call('/api/probe', { 'x-api-key': CALLER.key })).body);
  if (!(Number(served) > 1)) wrong('the upstream connection is not kept alive');
}

/** Everything that a target does not do; empty for one that does the whole job. */
export async function faultsOf(target: Target): Promise<string[]> {
  const kept = { keepAlive: true, maxSockets: 1 };
  const ca = target.certificate;
  const agent =
    ca === undefined ? new Agent(kept) : new TlsAgent({ ...kept, ca, servername: 'localhost' });
  const call = caller(target, agent);
  const faults: string[] = [];
  const wrong = (what: string): void => {
    faults.push(what);
  };
  try {
    await whenReady(target, call);
    const unknown = { 'x-api-key': 'sk-live-nobody' };
    if ((await call('/api/small')).status !== 401) wrong('no key is not a 401');
    if ((await call('/api/small', unknown)).status !== 401) wrong('an unknown key is not a 401');
    for (const body of BODIES) {
      const answer = await call(`/api/${body}`, { 'x-api-key': CALLER.key });
      if (answer.status !== 200) wrong(`/api/${body} is a ${answer.status}`);
      if (answer.body.length !== BODY_BYTES[body]) wrong(`/api/${body} has another length`);
    }
    await checkRewriting(call, ca === undefined ? 'http' : 'https', wrong);
    let allowed = 0;
    for (let i = 0; i < LIMITED_CALLS; i += 1) {
      const { status } = await call('/limited/small', { 'x-api-key': CALLER.key });
      if (status === 200) allowed += 1;
      else if (status !== 429) wrong(`/limited/small is a ${status}`);
    }
    if (allowed < 4 || allowed > 6) wrong(`a limit of 5 let ${allowed} through`);
  } catch (error) {
    wrong(`${error instanceof Error ? error.message : String(error)} ${target.service.output()}`);
  } finally {
    agent.destroy();
  }
  return faults;
}
