/**
 * Bodies that a policy sees, on either front: shown as far as the route says, forwarded whole and
 * unaltered.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';

import type { Front } from '../support/gateway.ts';
import { heldPolicy } from '../support/held-policy.ts';
import { RawClient, requestBytes } from '../support/raw-client.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`a body that a policy sees on the ${front} front`, () => {
    const on = heldPolicy(front);

    it('shows a body to the policy and forwards it unaltered', async () => {
      const json = { lines: [{ price: 4 }, { price: 5 }], name: 'Zoë' };
      const text = ` ${JSON.stringify(json)}\n`;
      const sizeBytes = Buffer.byteLength(text);
      await on.ask('POST /body/x', { body: text, headers: JSON_TYPE });
      assert.deepEqual(on.shown(), { sizeBytes, tooLarge: false, json, text: null });
      assert.equal(on.upstream.last.body.toString(), text);

      await on.ask('POST /body/x', { body: 'plain' });
      assert.deepEqual(on.shown(), { sizeBytes: 5, tooLarge: false, json: null, text: 'plain' });

      await on.ask('GET /body/x');
      assert.equal(on.shown(), null);
      await on.ask('POST /open/x', { body: text });
      assert.equal(on.shown(), null);
      assert.equal(on.upstream.last.body.toString(), text);
    });

    it('says of a larger body how large it is, and forwards it whole', async () => {
      const large = randomBytes(1_000_000);
      assert.equal((await on.ask('POST /small/x', { body: large })).status, 200);
      assert.deepEqual(on.shown(), {
        sizeBytes: 1_000_000,
        tooLarge: true,
        json: null,
        text: null,
      });
      assert.equal(digest(on.upstream.last.body), digest(large));
    });

    it('shows a chunked body, in however many pieces it comes', async () => {
      const client = await RawClient.open(on.gateway.port);
      client.send(
        'POST /body/x HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
      );
      await sleep(100);
      assert.equal(on.opa.inputs.length, 0, 'the policy was asked before the body was here');
      // More bytes with their framing than an upload may hold; fewer than the policy sees.
      client.send('1\r\n \r\n'.repeat(60_000));
      await sleep(50);
      client.send('5\r\nworld\r\n0\r\n\r\n');
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      const whole = `hello${' '.repeat(60_000)}world`;
      assert.equal(on.shown()?.text, whole);
      assert.equal(on.upstream.last.body.toString(), whole);
    });

    it('asks at once when more of a chunked body has come than it may see', async () => {
      const client = await RawClient.open(on.gateway.port);
      on.opa.hold();
      client.send(
        `POST /small/x HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n${'x'.repeat(20)}\r\n`,
      );
      await on.isAsked();
      assert.deepEqual(on.shown(), { sizeBytes: 20, tooLarge: true, json: null, text: null });
      on.opa.release();
      client.send('1\r\ny\r\n0\r\n\r\n');
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(on.upstream.last.body.toString(), `${'x'.repeat(20)}y`);
    });

    it('sees a body that came while the token was verified', async () => {
      on.issuer.hold();
      const headers = { Authorization: `Bearer ${await on.issuer.token()}`, ...JSON_TYPE };
      const client = await RawClient.open(on.gateway.port);
      const bytes = requestBytes('POST /both/x', { headers, body: '{"a":[1,2]}' });
      client.send(bytes.subarray(0, -4));
      await until('paused', () => on.issuer.waiting > 0);
      on.opa.hold();
      on.issuer.release();
      await sleep(100);
      assert.equal(on.opa.waiting, 0, 'asked before the body was here');
      client.send(bytes.subarray(-4));
      await on.isAsked();
      assert.deepEqual(on.shown()?.json, { a: [1, 2] });
      assert.equal(on.opa.inputs.at(-1)?.claims?.['sub'], 'shop');
      assert.equal(on.opa.inputs.at(-1)?.consumer?.name, 'shop');
      on.opa.release();
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(on.upstream.last.body.toString(), '{"a":[1,2]}');
    });

    it('asks a client that waits for 100 Continue for what the policy is to see', async () => {
      const client = await RawClient.open(on.gateway.port);
      client.send(
        'POST /body/x HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
      );
      await client.read(({ interim }) => interim.length > 0, { timeoutMs: 3000 });
      client.send('hello');
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.deepEqual(seen.interim, [100]);
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(on.shown()?.text, 'hello');
      assert.equal(on.upstream.last.body.toString(), 'hello');
    });

    if (front === 'native') {
      it('has a client send nothing that the policy refuses without seeing it', async () => {
        on.opa.decide = () => false;
        for (const path of ['/open/x', '/small/x']) {
          const client = await RawClient.open(on.gateway.port);
          client.send(
            `POST ${path} HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n`,
          );
          const seen = await client.read(({ responses }) => responses.length > 0);
          client.close();
          assert.deepEqual(seen.interim, [], path);
          assert.equal(seen.responses[0]?.status, 403);
        }
      });
    }

    it('asks for a body that stops coming no longer than for any other', async () => {
      const client = await RawClient.open(on.gateway.port);
      client.send(requestBytes('POST /body/x', { body: 'hello' }).subarray(0, -2));
      const seen = await client.read(({ responses }) => responses.length > 0);
      client.close();
      assert.equal(seen.responses[0]?.status, 408);
      assert.equal(on.opa.inputs.length, 0);
      await on.isIdle();
    });
  });
}
