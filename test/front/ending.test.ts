/**
 * How connections of the native front end: behind an early answer, and in a drain.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { type Gateway, startGateway } from '../support/gateway.ts';
import { Answer, callOn, RawClient } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const HOST = 'Host: gw.test\r\n';
const OPEN = 'stoa_downstream_connections';
const LINGER_MS = 2000;

describe('an upload that is answered before it is read', () => {
  const on = stage(
    (url) => `${upstreamYaml(url)}
routes: [{ name: denied, match: { path: /denied }, deny: true }, { name: all, upstream: up }]
`,
    { front: 'native' },
  );

  const BYTES = 16 << 20;

  it('can be sent to its end, and its client reads the whole answer', async () => {
    const client = await RawClient.open(on.gateway.port);
    const errors: Error[] = [];
    client.socket.on('error', (error) => errors.push(error));
    client.send(`POST /denied HTTP/1.1\r\n${HOST}Content-Length: ${BYTES}\r\n\r\n`);
    for (let sent = 0; sent < BYTES; sent += 1 << 20) client.send(Buffer.alloc(1 << 20, 'x'));
    await until('all is sent', () => client.socket.writableLength === 0);
    const seen = await client.read(() => false);
    const answer = new Answer(seen.responses[0] ?? assert.fail('no answer'));
    assert.equal(answer.problem, 'route_denied');
    assert.equal(answer.header('connection'), 'close');
    assert.equal(seen.responses.length, 1);
    assert.ok(seen.closed);
    assert.deepEqual(errors, []);
    assert.equal(on.upstream.requests.length, 0);
    client.close();
    await until('it is closed', async () => (await on.gateway.metric(OPEN)) === 0);
  });

  it('is read for 2 s and no longer', async () => {
    // Does not close on its side when the gateway does.
    const client = connect({ port: on.gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('error', () => {}).resume();
    client.write(`POST /denied HTTP/1.1\r\n${HOST}Content-Length: ${BYTES}\r\n\r\n`);
    await once(client, 'end');
    const since = Date.now();
    const trickle = setInterval(() => client.write('x'.repeat(1000)), 50);
    assert.equal(await on.gateway.metric(OPEN), 1);
    const isGone = async () => (await on.gateway.metric(OPEN)) === 0;
    await until('it is cut', isGone, LINGER_MS + 1500).finally(() => clearInterval(trickle));
    assert.ok(Date.now() - since > LINGER_MS - 200);
    client.destroy();
  });
});

describe('SIGTERM', () => {
  let upstream: RecordingUpstream;
  let gateway: Gateway;

  before(async () => {
    upstream = await RecordingUpstream.start(async ({ target }) => {
      if (target === '/slow') await sleep(800);
      return ok(target);
    });
    gateway = await startGateway(
      `drain: { deadlineMs: 5000 }\n${upstreamYaml(upstream.url)}\nroutes: [{ name: all, upstream: up }]`,
      { front: 'native' },
    );
  });
  after(() => upstream.stop());

  it('finishes open ones, serves who still asks meanwhile, and then closes idle connections', async () => {
    const idle = await RawClient.open(gateway.port);
    assert.equal((await callOn(idle, 'GET /before')).header('connection'), null);
    const unused = await RawClient.open(gateway.port);
    const slow = await RawClient.open(gateway.port);
    slow.send(`GET /slow HTTP/1.1\r\n${HOST}\r\nGET /behind HTTP/1.1\r\n${HOST}\r\n`);
    const half = await RawClient.open(gateway.port);
    half.send('GET /half HTTP/1.1\r\n');
    await until('one is upstream', () => upstream.last.target === '/slow');

    gateway.signal('SIGTERM');
    await sleep(200);
    const late = await callOn(idle, 'GET /late');
    assert.equal(late.text, '/late');
    assert.equal(late.header('connection'), 'close');
    half.send(`${HOST}\r\n`);
    for (const [client, body] of [
      [half, '/half'],
      [slow, '/slow'],
    ] as const) {
      const seen = await client.read(() => false, { timeoutMs: 3000 });
      assert.deepEqual(
        seen.responses.map((response) => new Answer(response).text),
        [body],
      );
      const answer = new Answer(seen.responses[0] ?? assert.fail());
      assert.equal(answer.header('connection'), 'close');
      assert.ok(seen.closed);
    }
    assert.ok((await unused.read(({ closed }) => closed, { timeoutMs: 2000 })).closed);
    assert.equal((await gateway.exited).code, 0);
    await gateway.stop();
  });
});
