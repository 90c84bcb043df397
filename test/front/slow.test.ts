/**
 * Clients that are slow beyond patience, each for more than 10 s; all at once, so that it takes
 * little longer than one.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Front, type Gateway, startGateway } from '../support/gateway.ts';
import { Answer, RawClient } from '../support/raw-client.ts';
import { RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { sleep } from '../../arena/host/wait.ts';

const HOST = 'Host: gw.test\r\n';
/** A body's pace counts after so long; a uWebSockets.js listener waits so long for a head. */
const PATIENCE_MS = 10_000;
const TIMEOUT_MS = 13_000;

/** The connection gets this 408 and is closed, not before its time. */
async function refused(client: RawClient, code: string): Promise<void> {
  const since = Date.now();
  const seen = await client.read(() => false, { timeoutMs: TIMEOUT_MS });
  const answer = new Answer(seen.responses[0] ?? assert.fail('no answer'));
  assert.equal(answer.status, 408);
  assert.equal(answer.problem, code);
  assert.ok(seen.closed);
  assert.ok(Date.now() - since > PATIENCE_MS - 500);
  client.close();
}

/** Sends a byte every `everyMs`, until told to stop. */
function trickle(client: RawClient, everyMs: number): () => void {
  const timer = setInterval(() => client.send('x'), everyMs);
  return () => clearInterval(timer);
}

describe('slow clients', { concurrency: true }, () => {
  let upstream: RecordingUpstream;
  const gateways = new Map<Front, Gateway>();

  before(async () => {
    upstream = await RecordingUpstream.start();
    for (const front of ['native', 'uws'] as const) {
      const yaml = `${upstreamYaml(upstream.url)}\nroutes: [{ name: all, upstream: up }]`;
      gateways.set(front, await startGateway(yaml, { front }));
    }
  });
  after(() => stopAll(...gateways.values(), upstream));

  const open = (front: Front): Promise<RawClient> =>
    RawClient.open(gateways.get(front)?.port ?? assert.fail());

  it('uws: a first head that is not there in 10 s is 408, from the native side', async () => {
    const client = await open('uws');
    client.send(`GET /slow HTTP/1.1\r\n${HOST}`);
    await refused(client, 'request_head_timeout');
  });

  for (const front of ['native', 'uws'] as const) {
    it(`${front}: a chunked body below 64 B/s is 408, though it never pauses`, async () => {
      const client = await open(front);
      client.send(`POST /slow HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nfff\r\n`);
      const stop = trickle(client, 100);
      await refused(client, 'request_body_timeout').finally(stop);
    });
  }

  it('native: a body that is slow and not too slow is served', async () => {
    const client = await open('native');
    client.send(`POST /slow HTTP/1.1\r\n${HOST}Content-Length: 1200\r\n\r\n`);
    for (let count = 0; count < 12; count++) {
      client.send('x'.repeat(100));
      await sleep(1000);
    }
    const seen = await client.read(({ responses }) => responses.length > 0);
    assert.equal(seen.responses[0]?.status, 200);
    client.close();
  });
});
