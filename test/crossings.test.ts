/**
 * The promise the cost rests on: a plain proxied request crosses into native code once.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';

import { parseConfig } from '../src/config/load.ts';
import { listen } from '../src/listener/uws.ts';
import { createSegment, openWorker, type WorkerCore } from '../src/native/addon.ts';
import { freePort } from '../arena/host/ports.ts';

const REQUESTS = 200;

/** The worker of this process, and how often it was called by each name. */
function countedWorker(modelJson: string): { core: WorkerCore; calls: Map<string, number> } {
  const worker = openWorker({ segmentFd: createSegment(modelJson), index: 0, modelJson });
  const calls = new Map<string, number>();
  const counted =
    <Args extends unknown[], Result>(name: string, call: (...args: Args) => Result) =>
    (...args: Args): Result => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      return call(...args);
    };
  return {
    calls,
    core: {
      ...worker,
      begin: counted('begin', worker.begin),
      body: counted('body', worker.body),
      abort: counted('abort', worker.abort),
      flow: counted('flow', worker.flow),
    },
  };
}

function status(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent, headers: { 'x-api-key': 'good' } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    }).on('error', reject);
  });
}

it('a request with key, limit and rewriting crosses into native code once', async () => {
  const upstream = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port: upstreamPort } = upstream.address() as AddressInfo;
  const loaded = parseConfig(
    `version: 1
workers: 1
upstreams: { up: { endpoints: [{ url: "http://127.0.0.1:${upstreamPort}" }] } }
consumers: { acme: { apiKeys: [{ value: good }] } }
routes:
  - name: all
    match: { path: /* }
    upstream: up
    auth: { apiKey: { header: x-api-key } }
    rateLimit: { by: consumer, requests: 100000, windowMs: 1000 }
    request: { headers: { set: { x-consumer: "\${consumer}" } } }
`,
    { file: 'crossings.yaml', baseDir: '/', env: {} },
  );
  assert.ok(loaded.ok);
  const { core, calls } = countedWorker(JSON.stringify(loaded.model));
  core.setEndpointAddresses('up', 0, ['127.0.0.1']);
  const port = await freePort();
  const listener = listen(core, 0, { host: '127.0.0.1', port });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  for (let sent = 0; sent < REQUESTS; sent += 1) assert.equal(await status(port, agent), 200);

  assert.deepEqual(Object.fromEntries(calls), { begin: REQUESTS });
  agent.destroy();
  listener.stopAccepting();
  listener.close();
  upstream.close();
  upstream.closeAllConnections();
});
