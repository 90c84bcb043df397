/**
 * How the gateway ends: open exchanges finish, nobody new is taken, exit code 0, no process left.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { type Gateway, startGateway } from '../support/gateway.ts';
import { isAlive, signal } from '../../arena/host/processes.ts';
import { call, RawClient, requestBytes } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { sleep, until } from '../../arena/host/wait.ts';

async function refuses(gateway: Gateway): Promise<boolean> {
  try {
    const client = await RawClient.open(gateway.port);
    client.close();
    return false;
  } catch {
    return true;
  }
}

describe('SIGTERM', () => {
  let upstream: RecordingUpstream;
  before(async () => {
    upstream = await RecordingUpstream.start(async ({ target }, { socket }) => {
      if (target === '/never') return null;
      if (target === '/slow') await sleep(700);
      if (target === '/stream') {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
        for (let count = 0; count < 10; count++) {
          socket.write('s');
          await sleep(80);
        }
        return null;
      }
      return ok('done');
    });
  });
  after(() => upstream.stop());

  function start(deadlineMs: number, workers = 1): Promise<Gateway> {
    const drain = `drain: { deadlineMs: ${deadlineMs} }`;
    return startGateway(
      `${drain}\n${upstreamYaml(upstream.url)}\nroutes: [{ name: all, upstream: up }]`,
      {
        workers,
      },
    );
  }

  it('lets open exchanges finish, takes nobody new, and exits 0', async () => {
    const gateway = await start(5000, 2);
    const workers = gateway.workers();
    const open = ['/slow', '/slow', '/stream'].map((path) => call(gateway.port, `GET ${path}`));
    const upload = await RawClient.open(gateway.port);
    const bytes = requestBytes('POST /upload', { body: 'x'.repeat(100) });
    upload.send(bytes.subarray(0, bytes.length - 50));
    await until('three have arrived', () => upstream.requests.length >= 3);

    gateway.signal('SIGTERM');
    await until('nobody new is taken', () => refuses(gateway), 3000);
    upload.send(bytes.subarray(bytes.length - 50));
    const answers = await Promise.all(open);
    assert.deepEqual(
      answers.map(({ status, text }) => `${status} ${text}`),
      ['200 done', '200 done', '200 ssssssssss'],
    );
    const uploaded = await upload.read(({ responses }) => responses.length > 0, {
      timeoutMs: 3000,
    });
    assert.equal(uploaded.responses[0]?.status, 200);
    upload.close();

    assert.deepEqual(await gateway.exited, { code: 0, signal: null });
    assert.deepEqual(workers.filter(isAlive), []);
    await gateway.stop();
  });

  it('is not ready any more, for whoever balances load in front', async () => {
    const gateway = await start(3000);
    const open = call(gateway.port, 'GET /slow');
    await until(
      'it has arrived',
      async () => (await gateway.metric('stoa_exchanges_in_flight')) === 1,
    );
    gateway.signal('SIGTERM');
    await sleep(50);
    const ready = await call(gateway.adminPort, 'GET /health/ready');
    assert.equal(ready.status, 503);
    assert.equal((await open).status, 200);
    assert.equal((await gateway.exited).code, 0);
    await gateway.stop();
  });

  it('answers HEAD on connections that are open, also where there is no route', async () => {
    const upstreams = upstreamYaml(upstream.url);
    const gateway = await startGateway(
      `drain: { deadlineMs: 5000 }\n${upstreams}\nroutes: [{ name: slow, match: { path: /slow }, upstream: up }]`,
    );
    const client = await RawClient.open(gateway.port);
    const slow = call(gateway.port, 'GET /slow');
    await until(
      'it has arrived',
      async () => (await gateway.metric('stoa_exchanges_in_flight')) === 1,
    );
    gateway.signal('SIGTERM');
    await until('nobody new is taken', () => refuses(gateway), 3000);
    client.send(requestBytes('HEAD /nowhere'));
    const seen = await client.read(({ closed }) => closed, { methods: ['HEAD'] });
    assert.equal(seen.responses[0]?.status, 404);
    assert.equal((await slow).status, 200);
    assert.deepEqual(await gateway.exited, { code: 0, signal: null });
    await gateway.stop();
  });

  it('does not wait for idle connections', async () => {
    const gateway = await start(8000);
    const idle = await RawClient.open(gateway.port);
    idle.send(requestBytes('GET /'));
    await idle.read(({ responses }) => responses.length > 0);
    const untouched = await RawClient.open(gateway.port);
    gateway.signal('SIGTERM');
    const exit = await Promise.race([gateway.exited, sleep(4000).then(() => null)]);
    idle.close();
    untouched.close();
    assert.deepEqual(exit, { code: 0, signal: null });
    await gateway.stop();
  });

  it('ends what is still open at the deadline, and exits 0 all the same', async () => {
    const gateway = await start(300);
    const open = await RawClient.open(gateway.port);
    open.send(requestBytes('GET /never'));
    await until(
      'it has arrived',
      async () => (await gateway.metric('stoa_exchanges_in_flight')) === 1,
    );
    gateway.signal('SIGTERM');
    const exit = await Promise.race([gateway.exited, sleep(5000).then(() => null)]);
    open.close();
    assert.deepEqual(exit, { code: 0, signal: null });
    await gateway.stop();
  });

  it('takes a second signal within a second for the same one', async () => {
    const gateway = await start(5000);
    const open = call(gateway.port, 'GET /slow');
    await until(
      'it has arrived',
      async () => (await gateway.metric('stoa_exchanges_in_flight')) === 1,
    );
    gateway.signal('SIGTERM');
    gateway.signal('SIGINT');
    await sleep(100);
    gateway.signal('SIGTERM');
    assert.equal((await open).text, 'done');
    assert.deepEqual(await gateway.exited, { code: 0, signal: null });
    await gateway.stop();
  });

  it('ends at once on a second signal that comes later', async () => {
    const gateway = await start(20_000);
    const open = await RawClient.open(gateway.port);
    open.send(requestBytes('GET /never'));
    await until(
      'it has arrived',
      async () => (await gateway.metric('stoa_exchanges_in_flight')) === 1,
    );
    gateway.signal('SIGTERM');
    await sleep(1100);
    gateway.signal('SIGTERM');
    const exit = await Promise.race([gateway.exited, sleep(5000).then(() => null)]);
    open.close();
    assert.deepEqual(exit, { code: 1, signal: null });
    await gateway.stop();
  });

  it('leaves no worker behind when the main process is killed', async () => {
    const gateway = await start(1000, 2);
    const workers = gateway.workers();
    assert.equal(workers.length, 2);
    signal(gateway.pid, 'SIGKILL');
    await gateway.exited;
    await until('the workers end', () => workers.every((pid) => !isAlive(pid)), 5000).finally(
      () => {
        for (const pid of workers) signal(pid, 'SIGKILL');
      },
    );
    await gateway.stop();
  });
});
