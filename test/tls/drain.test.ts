/**
 * Draining a listener with TLS: what is open finishes, and every connection is told that it ends.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { type Gateway, startGateway } from '../support/gateway.ts';
import { testPki } from '../support/pki.ts';
import { callOn, RawClient, requestBytes } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { openTls, trusting } from '../support/tls-client.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const pki = testPki();

describe('SIGTERM, with TLS', () => {
  let upstream: RecordingUpstream;
  let gateway: Gateway;
  before(async () => {
    upstream = await RecordingUpstream.start(async ({ target }) => {
      if (target === '/slow') await sleep(700);
      return ok('done');
    });
    gateway = await startGateway(
      `drain: { deadlineMs: 8000 }${upstreamYaml(upstream.url)}routes: [{ name: all, upstream: up }]`,
      { listeners: [pki.listener()] },
    );
  });
  after(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  it('lets an open exchange finish, ends idle connections and handshakes, and exits 0', async () => {
    const client = () => openTls(gateway.port, trusting(pki));
    const [busy, idle, untouched] = [await client(), await client(), await client()];
    assert.equal((await callOn(idle, 'GET /')).status, 200);
    const half = await RawClient.open(gateway.port);
    half.send(Buffer.from([22, 3, 1, 2, 0, 1]));
    busy.send(requestBytes('GET /slow'));
    await until('it has arrived', () => upstream.requests.some(({ target }) => target === '/slow'));

    const since = Date.now();
    gateway.signal('SIGTERM');
    for (const open of [idle, untouched, half]) {
      const seen = await open.read(({ closed }) => closed, { timeoutMs: 3000 });
      assert.ok(seen.closed, 'an idle connection is still open');
    }
    const seen = await busy.read(({ closed }) => closed, { timeoutMs: 5000 });
    const [answer] = seen.responses;
    assert.equal(answer?.status, 200);
    assert.equal(answer.body.toString(), 'done');
    const connection = answer.fields.find(({ name }) => name.toLowerCase() === 'connection');
    assert.equal(connection?.value, 'close');
    for (const open of [busy, idle, untouched, half]) open.close();
    assert.deepEqual(await gateway.exited, { code: 0, signal: null });
    assert.ok(Date.now() - since < 5000, 'not at the deadline');
  });
});
