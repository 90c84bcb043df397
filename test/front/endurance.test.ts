/**
 * What must not wear out or be taken from others: connection slots, exchange slots, records, the
 * loop itself.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { freePort } from '../../arena/host/ports.ts';
import { signal } from '../../arena/host/processes.ts';
import { call, RawClient } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { sleep } from '../../arena/host/wait.ts';

const ROUTES = 'routes:\n  - { name: up, match: { path: /up/* }, upstream: up }\n';
const SLOTS = 1 << 16;

async function withGateway(
  yaml: (url: string) => string,
  work: (gateway: Gateway, upstream: RecordingUpstream) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const upstream = await RecordingUpstream.start(({ target }) =>
    target.includes('slow') ? null : ok(target),
  );
  const gateway = await startGateway(yaml(upstream.url), { env });
  try {
    await work(gateway, upstream);
  } finally {
    await stopAll(gateway, upstream);
  }
}

function connectAndAsk(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answered = false;
    socket.on('data', () => {
      answered = true;
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answered));
    socket.write('GET /none HTTP/1.1\r\nHost: a\r\n\r\n');
  });
}

describe('endurance', () => {
  it('connections over a lifetime are not bounded', async () => {
    await withGateway(
      (url) => upstreamYaml(url) + ROUTES,
      async ({ port }) => {
        let begun = 0;
        let unanswered = 0;
        const lane = async (): Promise<void> => {
          while (begun < SLOTS + 100 && unanswered === 0) {
            begun += 1;
            if (!(await connectAndAsk(port))) unanswered += 1;
          }
        };
        await Promise.all(Array.from({ length: 64 }, lane));
        assert.equal(unanswered, 0, `after ${begun} connections`);
      },
    );
  });

  it('an endpoint that refuses beside one that is full does not stop the loop', async () => {
    const dead = await freePort();
    await withGateway(
      (url) => `
upstreams:
  up:
    endpoints: [{ url: "http://127.0.0.1:${dead}" }, { url: "${url}" }]
    connections: { max: 1 }
${ROUTES}`,
      async ({ port }) => {
        const clients: RawClient[] = [];
        for (let count = 0; count < 6; count++) {
          const client = await RawClient.open(port);
          client.send('GET /up/slow HTTP/1.1\r\nHost: a\r\n\r\n');
          clients.push(client);
          await sleep(50);
        }
        assert.equal((await call(port, 'GET /none', { timeoutMs: 2000 })).status, 404);
        for (const client of clients) client.close();
      },
    );
  });

  it('requests that are answered at once leave their slots to the next in the same turn', async () => {
    await withGateway(
      (url) => `limits: { exchangesMax: 100 }\n${upstreamYaml(url)}${ROUTES}`,
      async ({ port }) => {
        const client = await RawClient.open(port);
        client.send('GET /none HTTP/1.1\r\nHost: a\r\n\r\n');
        await client.read(({ responses }) => responses.length === 1);
        client.forget();
        client.send('GET /none HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(150));
        const seen = await client.read(({ responses }) => responses.length === 150, {
          timeoutMs: 3000,
        });
        assert.equal(seen.responses.filter(({ status }) => status === 404).length, 150);
        client.close();
      },
    );
  });

  it('a panic on one connection costs no other its response', async () => {
    await withGateway(
      (url) => upstreamYaml(url) + ROUTES,
      async (gateway, upstream) => {
        const { port } = gateway;
        const first = await RawClient.open(port);
        const others = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(port)));
        first.send(
          'GET /up/slow HTTP/1.1\r\nHost: a\r\n\r\n' +
            'GET /up/x HTTP/1.1\r\nHost: a\r\nx-stoa-test-panic: 1\r\n\r\n',
        );
        await sleep(100);
        for (const other of others) other.send('GET /up/slow HTTP/1.1\r\nHost: a\r\n\r\n');
        await sleep(300);
        const [worker = 0] = gateway.workers();
        signal(worker, 'SIGSTOP');
        for (const { socket } of upstream.connections) socket.write(ok());
        await sleep(100);
        signal(worker, 'SIGCONT');
        await sleep(1000);
        const answered = others.filter((other) => other.seen().responses.length === 1);
        assert.equal(answered.length, others.length);
        for (const client of [first, ...others]) client.close();
      },
      { STOA_TEST_HOOKS: '1' },
    );
  });
});
