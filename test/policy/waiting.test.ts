/**
 * What holds while a policy is asked, on either front: whoever comes behind waits in order, others
 * pass, and nothing waits for ever.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { stopAll } from '../support/cleanup.ts';
import type { Front } from '../support/gateway.ts';
import { heldPolicy, startHeld } from '../support/held-policy.ts';
import { call, RawClient, requestBytes } from '../support/raw-client.ts';
import { ok } from '../support/recording-upstream.ts';
import { sleep, until } from '../../arena/host/wait.ts';

for (const front of ['uws', 'native'] as const satisfies Front[]) {
  describe(`a request that waits for its policy on the ${front} front`, () => {
    const on = heldPolicy(front);

    it('ends with its client, before the body has come and after', async () => {
      on.opa.hold();
      for (const start of [
        requestBytes('GET /open/x'),
        requestBytes('POST /body/x', { body: 'hello' }),
        requestBytes('POST /body/x', { body: 'hello' }).subarray(0, -2),
      ]) {
        const client = await RawClient.open(on.gateway.port);
        client.send(start);
        await until(
          'in flight',
          async () => (await on.gateway.metric('stoa_exchanges_in_flight')) === 1,
        );
        client.close();
        await on.isIdle();
      }
      on.opa.release();
      await sleep(100);
      assert.equal(on.upstream.requests.length, 0);
    });

    it('lets others pass, and fails as configured when the time is over', async () => {
      on.opa.hold();
      const closed = on.ask('GET /slow/x');
      const open = on.ask('GET /slow-ajar/x');
      await until('asked', () => on.opa.waiting === 2);
      assert.equal((await on.ask('GET /free')).status, 200);
      assert.equal((await closed).problem, 'policy_failed');
      assert.equal((await open).status, 200);
      assert.ok((await on.gateway.metric('stoa_policy_failures_total', { kind: 'timeout' })) >= 2);
      await on.isIdle();
    });

    if (front === 'native') {
      it('has the requests behind it wait, and answers them in order', async () => {
        on.upstream.answer = ({ target }) => ok(target);
        on.opa.hold();
        const client = await RawClient.open(on.gateway.port);
        client.send(
          Buffer.concat([
            requestBytes('GET /open/1'),
            requestBytes('POST /body/2', { body: 'two' }),
            requestBytes('GET /free'),
            requestBytes('GET /open/4'),
          ]),
        );
        await on.isAsked();
        on.opa.release();
        const seen = await client.read(({ responses }) => responses.length === 4);
        client.close();
        assert.deepEqual(
          seen.responses.map(({ body: text }) => text.toString()),
          ['/open/1', '/body/2', '/free', '/open/4'],
        );
      });
    }
  });

  it(`a drain on the ${front} front waits for a policy`, async () => {
    const parts = await startHeld(front);
    const { opa, gateway, upstream } = parts;
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
      await stopAll(...Object.values(parts));
    }
  });
}
