/**
 * Back-pressure over TLS: who does not take what is sent holds up the sender, not memory, and
 * nothing is lost when it goes on.
 *
 * @module
 */

import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { describe, it } from 'node:test';

import { drained, growthDuring, kernelBufferMaxBytes, plateau, Source } from '../support/flow.ts';
import { httpStage } from '../support/http-upstream.ts';
import { testPki } from '../support/pki.ts';
import { upstreamYaml } from '../support/stage.ts';
import { trusting } from '../support/tls-client.ts';

const SIZE_BYTES = 96 << 20;
/** What may stand in the gateway, in node on both sides, and in encryption's own buffers. */
const GROWTH_MAX_BYTES = 16 << 20;
const UNDER_WAY_MAX_BYTES = 2 * kernelBufferMaxBytes() + (8 << 20);

const pki = testPki();
const on = httpStage((url) => `${upstreamYaml(url)}routes: [{ name: all, upstream: up }]`, {
  listeners: [pki.listener()],
});

function ask(options: RequestOptions, body?: Source): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { port } = on.gateway;
    const outgoing = request({ host: '127.0.0.1', port, ...trusting(pki), ...options });
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
    if (body === undefined) outgoing.end();
    else body.pipe(outgoing);
  });
}

describe('over TLS', () => {
  it('a client that takes nothing of a response holds up the upstream', async () => {
    const source = new Source(SIZE_BYTES);
    on.upstream.handler = (_, response) => {
      response.writeHead(200, { 'content-length': String(SIZE_BYTES) });
      source.pipe(response);
    };
    const response = await ask({ method: 'GET' });
    const growth = await growthDuring(on.gateway, async () => {
      const sent = await plateau(() => source.sent);
      assert.ok(sent < UNDER_WAY_MAX_BYTES && sent < SIZE_BYTES, `${sent} bytes were sent`);
    });
    assert.ok(growth < GROWTH_MAX_BYTES, `${growth} bytes`);
    assert.deepEqual(await drained(response), { bytes: SIZE_BYTES, digest: source.digest() });
  });

  it('an upstream that takes nothing of a request holds up the client', async () => {
    const source = new Source(SIZE_BYTES);
    let incoming: IncomingMessage | undefined;
    on.upstream.handler = (arrived, response) => {
      incoming = arrived;
      arrived.on('end', () => response.end('ok'));
    };
    const headers = { 'content-length': String(SIZE_BYTES) };
    const answered = ask({ method: 'PUT', headers }, source);
    const growth = await growthDuring(on.gateway, async () => {
      const sent = await plateau(() => source.sent);
      assert.ok(sent < UNDER_WAY_MAX_BYTES && sent < SIZE_BYTES, `${sent} bytes were sent`);
    });
    assert.ok(growth < GROWTH_MAX_BYTES, `${growth} bytes`);
    assert.ok(incoming, 'the request has begun');
    const received = drained(incoming);
    const response = await answered;
    assert.equal(response.statusCode, 200);
    response.resume();
    assert.deepEqual(await received, { bytes: SIZE_BYTES, digest: source.digest() });
  });
});
