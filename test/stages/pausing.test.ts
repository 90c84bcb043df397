/**
 * What holds while a decision waits, on either front: the body is kept and arrives whole, whoever
 * comes behind waits in order, and nothing waits for ever.
 *
 * Here the issuer of the tokens is slow to give its keys away.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import {
  type Answer,
  call,
  type CallOptions,
  RawClient,
  requestBytes,
} from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const IN_FLIGHT = 'stoa_exchanges_in_flight';
const DECISION_MS = 1500;

const yaml = (up: string, issuer: SlowIssuer) => `${upstreamYaml(up)}${issuer.yaml}
limits: { decisionMs: ${DECISION_MS}, bodyMaxBytes: 67108864 }
drain: { deadlineMs: 8000 }
routes:
  - { name: all, upstream: up, auth: { jwt: {} } }
  - { name: small, match: { path: /small }, upstream: up, auth: { jwt: {} }, request: { bodyMaxBytes: 1000 } }
`;

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`a paused decision on the ${front} front`, () => {
    let issuer: SlowIssuer;
    let upstream: RecordingUpstream;
    let gateway: Gateway;
    before(async () => {
      issuer = await SlowIssuer.start();
      upstream = await RecordingUpstream.start();
      gateway = await startGateway(yaml(upstream.url, issuer), {
        front,
        env: { STOA_TEST_HOOKS: '1' },
      });
    });
    beforeEach(async () => {
      upstream.forget();
      await issuer.rotate();
      issuer.hold();
    });
    afterEach(() => issuer.release());
    after(() => stopAll(gateway, upstream, issuer));

    const withToken = async (options: CallOptions = {}): Promise<CallOptions> => ({
      ...options,
      headers: { ...options.headers, Authorization: `Bearer ${await issuer.token()}` },
    });
    const ask = async (line: string, options: CallOptions = {}): Promise<Answer> =>
      call(gateway.port, line, await withToken(options));
    const isPaused = () => until('paused', () => issuer.waiting > 0);
    const isIdle = () =>
      until('nothing in flight', async () => (await gateway.metric(IN_FLIGHT)) === 0);

    it('goes on where it stopped when the answer comes', async () => {
      const answer = ask('GET /');
      await isPaused();
      assert.equal(upstream.requests.length, 0);
      assert.equal(await gateway.metric(IN_FLIGHT), 1);
      issuer.release();
      assert.equal((await answer).status, 200);
      await isIdle();
    });

    it('keeps a body and passes it on whole', async () => {
      for (const bytes of [10, 200_000, 1_000_000]) {
        upstream.forget();
        await issuer.rotate();
        issuer.hold();
        const body = randomBytes(bytes);
        const answer = ask('POST /upload', { body });
        await isPaused();
        await sleep(200);
        assert.equal(upstream.requests.length, 0);
        issuer.release();
        assert.equal((await answer).status, 200);
        assert.equal(digest(upstream.last.body), digest(body), `${bytes} bytes`);
      }
    });

    it('keeps a chunked body, too', async () => {
      const client = await RawClient.open(gateway.port);
      const token = await issuer.token();
      client.send(
        `POST / HTTP/1.1\r\nHost: gw.test\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
      );
      await isPaused();
      client.send('6\r\n world\r\n');
      await sleep(50);
      issuer.release();
      await sleep(50);
      client.send('1\r\n!\r\n0\r\n\r\n');
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(upstream.last.body.toString(), 'hello world!');
    });

    it('does not take more than a part of a body into memory', async () => {
      const client = await RawClient.open(gateway.port);
      const body = Buffer.alloc(32_000_000, 'x');
      const { headers = {} } = await withToken();
      const bytes = gateway.workerBytes();
      client.send(requestBytes('POST /', { headers, body }));
      await isPaused();
      await sleep(300);
      assert.ok(client.socket.writableLength > 0, 'all of the body was taken');
      assert.ok(gateway.workerBytes() - bytes < 8_000_000, 'the body is in memory');
      issuer.release();
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(upstream.last.body.length, body.length);
    });

    it('refuses what is too much before it knows who calls', async () => {
      const client = await RawClient.open(gateway.port);
      const token = await issuer.token();
      const head = `POST /small HTTP/1.1\r\nHost: gw.test\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`;
      client.send(`${head}7d0\r\n${'x'.repeat(2000)}\r\n`);
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 413);
      await isIdle();
    });

    it('ends when it takes too long', async () => {
      for (const [line, options] of [
        ['GET /', {}],
        ['POST /', { body: 'hello' }],
        ['POST /', { body: Buffer.alloc(1_000_000) }],
        ['HEAD /', {}],
      ] as const) {
        const answer = await ask(line, options);
        assert.equal(answer.status, 504, line);
        if (line !== 'HEAD /') assert.equal(answer.problem, 'decision_timeout');
      }
      assert.equal(upstream.requests.length, 0);
      await isIdle();
      // What is said too late is said to nobody.
      issuer.release();
      await sleep(100);
      assert.equal(upstream.requests.length, 0);
    });

    it('ends with its client', async () => {
      for (const body of [undefined, 'hello', Buffer.alloc(100_000)]) {
        const client = await RawClient.open(gateway.port);
        const options = await withToken(body === undefined ? {} : { body });
        client.send(requestBytes(body === undefined ? 'GET /' : 'POST /', options));
        await isPaused();
        client.close();
        await isIdle();
      }
      issuer.release();
      await sleep(100);
      assert.equal(upstream.requests.length, 0);
    });

    it('lets others pass', async () => {
      const slow = ask('GET /slow');
      await isPaused();
      assert.equal((await call(gateway.port, 'GET /')).problem, 'token_missing');
      issuer.release();
      assert.equal((await slow).status, 200);
    });

    it('refuses behind a pause like before it', async () => {
      const token = await issuer.token({}, -10);
      const answer = call(gateway.port, 'POST /', {
        body: Buffer.alloc(100_000),
        headers: { Authorization: `Bearer ${token}` },
      });
      await isPaused();
      issuer.release();
      assert.equal((await answer).problem, 'token_expired');
      await isIdle();
    });

    it('ends with a 500 when native code panics as it goes on', async () => {
      const panics = await gateway.metric('stoa_panics_total');
      const answer = ask('POST /', { body: 'hello', headers: { 'x-stoa-test-panic': 'resume' } });
      await isPaused();
      issuer.release();
      assert.equal((await answer).problem, 'internal_error');
      assert.equal((await gateway.metric('stoa_panics_total')) - panics, 1);
      await isIdle();
      assert.equal((await ask('GET /')).status, 200);
    });

    it('lets a client that waits for 100 Continue send its body', async () => {
      const client = await RawClient.open(gateway.port);
      const token = await issuer.token();
      client.send(
        `POST / HTTP/1.1\r\nHost: gw.test\r\nAuthorization: Bearer ${token}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
      );
      await isPaused();
      if (front === 'native') assert.deepEqual(client.seen().interim, []);
      issuer.release();
      const asked = await client.read(({ interim }) => interim.length > 0, { timeoutMs: 3000 });
      assert.deepEqual(asked.interim, [100]);
      client.send('hello');
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(upstream.last.body.toString(), 'hello');
    });

    if (front === 'native') {
      it('has the requests behind it wait, and answers them in order', async () => {
        upstream.answer = ({ target }) => ok(target);
        const options = await withToken();
        const client = await RawClient.open(gateway.port);
        client.send(
          Buffer.concat(
            ['GET /1', 'POST /2', 'GET /3', 'GET /4'].map((line) =>
              requestBytes(line, line.startsWith('POST') ? { ...options, body: 'two' } : options),
            ),
          ),
        );
        await isPaused();
        issuer.release();
        const seen = await client.read(({ responses }) => responses.length === 4);
        client.close();
        upstream.answer = () => ok();
        assert.deepEqual(
          seen.responses.map(({ body }) => body.toString()),
          ['/1', '/2', '/3', '/4'],
        );
      });
    }
  });

  it(`a drain on the ${front} front waits for a paused decision`, async () => {
    const issuer = await SlowIssuer.start();
    const upstream = await RecordingUpstream.start();
    const gateway = await startGateway(yaml(upstream.url, issuer), { front });
    try {
      issuer.hold();
      const headers = { Authorization: `Bearer ${await issuer.token()}` };
      const answer = call(gateway.port, 'POST /', { headers, body: 'hello' });
      await until('paused', () => issuer.waiting > 0);
      gateway.signal('SIGTERM');
      await sleep(300);
      issuer.release();
      assert.equal((await answer).status, 200);
      assert.equal(upstream.last.body.toString(), 'hello');
      assert.equal((await gateway.exited).code, 0);
    } finally {
      await stopAll(gateway, upstream, issuer);
    }
  });
}
