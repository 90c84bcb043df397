/**
 * A worker that may open no further file: what needs a new connection is refused as overload, and
 * served again as soon as there is room.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { Answer, RawClient, requestBytes } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';

/** The lowest number that a new descriptor of the process would get. */
function nextDescriptor(pid: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let next = 0;
  while (used.has(next)) next += 1;
  return next;
}

/** The soft limit; the hard one stays, so that it can be raised again. */
function limitDescriptors(pid: number, count: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${count}:`]);
}

describe('a worker without descriptors', () => {
  let gateway: Gateway;
  let upstream: RecordingUpstream;

  before(async () => {
    upstream = await RecordingUpstream.start(() => ok());
    const endpoint = `{ url: "${upstream.url}" }`;
    gateway = await startGateway(`
upstreams: { up: { endpoints: [${endpoint}], connections: { idleMax: 0 } } }
routes: [{ name: all, upstream: up }]`);
  });
  after(() => stopAll(gateway, upstream));

  it('answers 503 overloaded, blames no endpoint, and recovers', async () => {
    const [worker = 0] = gateway.workers();
    const client = await RawClient.open(gateway.port);
    const ask = async (answers: number): Promise<Answer> => {
      client.send(requestBytes('GET /'));
      const seen = await client.read(({ responses }) => responses.length >= answers);
      const answer = seen.responses[answers - 1];
      assert.ok(answer, 'no answer');
      return new Answer(answer);
    };
    assert.equal((await ask(1)).status, 200);

    limitDescriptors(worker, nextDescriptor(worker));
    const refused = await ask(2);
    assert.deepEqual([refused.status, refused.problem], [503, 'overloaded'], refused.text);

    limitDescriptors(worker, 4096);
    assert.equal((await ask(3)).status, 200);
    assert.equal(await gateway.metric('stoa_upstream_connect_failures_total'), 0);
    client.close();
  });
});
