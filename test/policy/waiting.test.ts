/**
 * What holds while a policy is asked, on either front: a body is shown as far as the route says and
 * forwarded whole, whoever comes behind waits in order, and nothing waits for ever.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { HeldOpa } from '../support/held-opa.ts';
import { policyYaml } from '../support/policy-gateway.ts';
import {
  type Answer,
  call,
  type CallOptions,
  RawClient,
  requestBytes,
} from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { SlowIssuer } from '../support/slow-issuer.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const IN_FLIGHT = 'stoa_exchanges_in_flight';
const JSON_TYPE = { 'Content-Type': 'application/json' };

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`a request that waits for its policy on the ${front} front`, () => {
    let issuer: SlowIssuer;
    let opa: HeldOpa;
    let upstream: RecordingUpstream;
    let gateway: Gateway;
    before(async () => {
      issuer = await SlowIssuer.start();
      opa = await HeldOpa.start();
      upstream = await RecordingUpstream.start();
      const yaml = policyYaml(upstream.url, issuer, `{ opa: { url: "${opa.url}" } }`);
      gateway = await startGateway(yaml, { front });
    });
    beforeEach(async () => {
      upstream.forget();
      upstream.answer = () => ok();
      opa.inputs.length = 0;
      opa.decide = () => true;
      await issuer.rotate();
    });
    afterEach(() => {
      issuer.release();
      opa.release();
    });
    after(() => stopAll(gateway, upstream, issuer, opa));

    const ask = (line: string, options: CallOptions = {}): Promise<Answer> =>
      call(gateway.port, line, options);
    const isAsked = () => until('the policy is asked', () => opa.waiting > 0);
    const isIdle = () =>
      until('nothing in flight', async () => (await gateway.metric(IN_FLIGHT)) === 0);
    const body = () => opa.inputs.at(-1)?.request.body;

    it('shows a body to the policy and forwards it unaltered', async () => {
      const json = { lines: [{ price: 4 }, { price: 5 }], name: 'Zoë' };
      const text = ` ${JSON.stringify(json)}\n`;
      const sizeBytes = Buffer.byteLength(text);
      await ask('POST /body/x', { body: text, headers: JSON_TYPE });
      assert.deepEqual(body(), { sizeBytes, tooLarge: false, json, text: null });
      assert.equal(upstream.last.body.toString(), text);

      await ask('POST /body/x', { body: 'plain' });
      assert.deepEqual(body(), { sizeBytes: 5, tooLarge: false, json: null, text: 'plain' });

      await ask('GET /body/x');
      assert.equal(body(), null);
      await ask('POST /open/x', { body: text });
      assert.equal(body(), null);
      assert.equal(upstream.last.body.toString(), text);
    });

    it('says of a larger body how large it is, and forwards it whole', async () => {
      const large = randomBytes(1_000_000);
      assert.equal((await ask('POST /small/x', { body: large })).status, 200);
      assert.deepEqual(body(), { sizeBytes: 1_000_000, tooLarge: true, json: null, text: null });
      assert.equal(digest(upstream.last.body), digest(large));
    });

    it('shows a chunked body, in however many pieces it comes', async () => {
      const client = await RawClient.open(gateway.port);
      client.send(
        'POST /body/x HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
      );
      await sleep(100);
      assert.equal(opa.inputs.length, 0, 'the policy was asked before the body was here');
      // More bytes with their framing than an upload may hold; fewer than the policy sees.
      client.send('1\r\n \r\n'.repeat(60_000));
      await sleep(50);
      client.send('5\r\nworld\r\n0\r\n\r\n');
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      const whole = `hello${' '.repeat(60_000)}world`;
      assert.equal(body()?.text, whole);
      assert.equal(upstream.last.body.toString(), whole);
    });

    it('asks at once when more of a chunked body has come than it may see', async () => {
      const client = await RawClient.open(gateway.port);
      opa.hold();
      client.send(
        `POST /small/x HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n`,
      );
      await isAsked();
      assert.deepEqual(body(), { sizeBytes: 20, tooLarge: true, json: null, text: null });
      opa.release();
      client.send('1\r\ny\r\n0\r\n\r\n');
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(upstream.last.body.toString(), `${'x'.repeat(20)}y`);
    });

    it('sees a body that came while the token was verified', async () => {
      issuer.hold();
      const headers = { Authorization: `Bearer ${await issuer.token()}`, ...JSON_TYPE };
      const client = await RawClient.open(gateway.port);
      const bytes = requestBytes('POST /both/x', { headers, body: '{"a":[1,2]}' });
      client.send(bytes.subarray(0, -4));
      await until('paused', () => issuer.waiting > 0);
      opa.hold();
      issuer.release();
      await sleep(100);
      assert.equal(opa.waiting, 0, 'asked before the body was here');
      client.send(bytes.subarray(-4));
      await isAsked();
      assert.deepEqual(body()?.json, { a: [1, 2] });
      assert.equal(opa.inputs.at(-1)?.claims?.['sub'], 'shop');
      assert.equal(opa.inputs.at(-1)?.consumer?.name, 'shop');
      opa.release();
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(upstream.last.body.toString(), '{"a":[1,2]}');
    });

    it('asks a client that waits for 100 Continue for what the policy is to see', async () => {
      const client = await RawClient.open(gateway.port);
      client.send(
        'POST /body/x HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
      );
      await client.read(({ interim }) => interim.length > 0, { timeoutMs: 3000 });
      client.send('hello');
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.deepEqual(seen.interim, [100]);
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(body()?.text, 'hello');
      assert.equal(upstream.last.body.toString(), 'hello');
    });

    if (front === 'native') {
      it('has a client send nothing that the policy refuses without seeing it', async () => {
        opa.decide = () => false;
        for (const path of ['/open/x', '/small/x']) {
          const client = await RawClient.open(gateway.port);
          client.send(
            `POST ${path} HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n`,
          );
          const seen = await client.read(({ responses }) => responses.length > 0);
          client.close();
          assert.deepEqual(seen.interim, [], path);
          assert.equal(seen.responses[0]?.status, 403);
        }
      });

      it('has the requests behind it wait, and answers them in order', async () => {
        upstream.answer = ({ target }) => ok(target);
        opa.hold();
        const client = await RawClient.open(gateway.port);
        client.send(
          Buffer.concat([
            requestBytes('GET /open/1'),
            requestBytes('POST /body/2', { body: 'two' }),
            requestBytes('GET /free'),
            requestBytes('GET /open/4'),
          ]),
        );
        await isAsked();
        opa.release();
        const seen = await client.read(({ responses }) => responses.length === 4);
        client.close();
        assert.deepEqual(
          seen.responses.map(({ body: text }) => text.toString()),
          ['/open/1', '/body/2', '/free', '/open/4'],
        );
      });
    }

    it('ends with its client, before the body has come and after', async () => {
      opa.hold();
      for (const start of [
        requestBytes('GET /open/x'),
        requestBytes('POST /body/x', { body: 'hello' }),
        requestBytes('POST /body/x', { body: 'hello' }).subarray(0, -2),
      ]) {
        const client = await RawClient.open(gateway.port);
        client.send(start);
        await until('in flight', async () => (await gateway.metric(IN_FLIGHT)) === 1);
        client.close();
        await isIdle();
      }
      opa.release();
      await sleep(100);
      assert.equal(upstream.requests.length, 0);
    });

    it('lets others pass, and fails as configured when the time is over', async () => {
      opa.hold();
      const closed = ask('GET /slow/x');
      const open = ask('GET /slow-ajar/x');
      await until('asked', () => opa.waiting === 2);
      assert.equal((await ask('GET /free')).status, 200);
      assert.equal((await closed).problem, 'policy_failed');
      assert.equal((await open).status, 200);
      assert.ok((await gateway.metric('stoa_policy_failures_total', { kind: 'timeout' })) >= 2);
      await isIdle();
    });

    it('asks for a body that stops coming no longer than for any other', async () => {
      const client = await RawClient.open(gateway.port);
      client.send(requestBytes('POST /body/x', { body: 'hello' }).subarray(0, -2));
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 408);
      assert.equal(opa.inputs.length, 0);
      await isIdle();
    });
  });

  it(`a drain on the ${front} front waits for a policy`, async () => {
    const [issuer, opa] = [await SlowIssuer.start(), await HeldOpa.start()];
    const upstream = await RecordingUpstream.start();
    const yaml = policyYaml(upstream.url, issuer, `{ opa: { url: "${opa.url}" } }`);
    const gateway = await startGateway(yaml, { front });
    try {
      opa.hold();
      const answer = call(gateway.port, 'POST /body/x', { body: 'hello' });
      await until('asked', () => opa.waiting > 0);
      gateway.signal('SIGTERM');
      await sleep(300);
      opa.release();
      assert.equal((await answer).status, 200);
      assert.equal(upstream.last.body.toString(), 'hello');
      assert.equal((await gateway.exited).code, 0);
    } finally {
      await stopAll(gateway, upstream, issuer, opa);
    }
  });
}
