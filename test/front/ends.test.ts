/**
 * What ends a connection, and what may still happen on one that is ending.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { signal } from '../../arena/host/processes.ts';
import { RawClient } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { sleep } from '../../arena/host/wait.ts';

const ROUTES = 'routes:\n  - { name: up, match: { path: /up/* }, upstream: up }\n';

describe('ends', () => {
  const set = stage((url) => `limits: { bodyMaxBytes: 10 }\n${upstreamYaml(url)}${ROUTES}`);

  async function conversation(bytes: string, method: string) {
    const client = await RawClient.open(set.gateway.port);
    client.send(bytes);
    const seen = await client.read(() => false, { methods: [method], timeoutMs: 700 });
    client.close();
    return seen;
  }

  // draft-ietf-httpbis-optimistic-upgrade: what follows a refused CONNECT may be meant for the tunnel.
  it('nothing behind a refused CONNECT is read as a request', async () => {
    const seen = await conversation(
      'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\nGET /up/tunnelled HTTP/1.1\r\nHost: a\r\n\r\n',
      'CONNECT',
    );
    assert.deepEqual(
      set.upstream.requests.map(({ target }) => target),
      [],
    );
    assert.equal(seen.responses.length, 1);
  });

  for (const [what, bytes] of [
    ['too large', 'Transfer-Encoding: chunked\r\n\r\nff\r\n'],
    ['badly framed', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['without a good host', 'Host: b\r\n\r\n'],
  ] as const) {
    it(`HEAD ${what} is answered without a body`, async () => {
      const more = bytes.includes('ff\r\n') ? 'x'.repeat(255) : '';
      const seen = await conversation(`HEAD /up/x HTTP/1.1\r\nHost: a\r\n${bytes}${more}`, 'HEAD');
      assert.equal(seen.responses.length, 1);
      assert.equal(seen.rest.toString('latin1'), '');
    });
  }
});

async function draining(
  work: (gateway: Gateway, upstream: RecordingUpstream) => Promise<void>,
): Promise<void> {
  const upstream = await RecordingUpstream.start(({ target }) =>
    target.includes('slow') ? null : ok(),
  );
  const yaml = `drain: { deadlineMs: 3000 }\n${upstreamYaml(upstream.url)}${ROUTES}`;
  const gateway = await startGateway(yaml);
  try {
    await work(gateway, upstream);
  } finally {
    await stopAll(gateway, upstream);
  }
}

describe('draining', () => {
  it('requests that had been sent before it are answered', async () => {
    await draining(async (gateway) => {
      const [worker = 0] = gateway.workers();
      signal(worker, 'SIGSTOP');
      const clients: RawClient[] = [];
      for (let count = 0; count < 100; count++) {
        const client = await RawClient.open(gateway.port);
        client.send('GET /up/x HTTP/1.1\r\nHost: a\r\n\r\n');
        clients.push(client);
      }
      gateway.signal('SIGTERM');
      await sleep(300);
      signal(worker, 'SIGCONT');
      await sleep(1500);
      assert.equal(clients.filter((client) => client.seen().responses.length === 1).length, 100);
      for (const client of clients) client.close();
    });
  });

  it('no request is served that came after its connection was ended', async () => {
    await draining(async (gateway, upstream) => {
      const busy = await RawClient.open(gateway.port);
      busy.send('GET /up/slow HTTP/1.1\r\nHost: a\r\n\r\n');
      const idle = await RawClient.open(gateway.port);
      idle.socket.allowHalfOpen = true;
      await sleep(300);
      gateway.signal('SIGTERM');
      await idle.read(() => false, { timeoutMs: 1000 });
      idle.send('POST /up/pay HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
      await sleep(500);
      const paid = upstream.requests.filter(({ method }) => method === 'POST').length;
      assert.equal(paid, idle.seen().responses.length, 'served without an answer');
      for (const client of [busy, idle]) client.close();
    });
  });
});
