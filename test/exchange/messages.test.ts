/**
 * Messages whose body is special (HEAD, 204, 304, interim responses), connections that persist,
 * and pooled connections that turn out to be stale.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { valuesOf } from '../support/http1.ts';
import { callOn, RawClient } from '../support/raw-client.ts';
import { ok } from '../support/recording-upstream.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { sleep, until } from '../../arena/host/wait.ts';

/** A route that adds a field with so long a value to its responses. */
function addingRoute(bytes: number): string {
  const headers = `{ set: { x-added: "${'v'.repeat(bytes)}" } }`;
  return `
  - { name: added-${bytes}, match: { path: "/added-${bytes}/*" }, upstream: up, response: { headers: ${headers} } }`;
}

describe('messages', () => {
  const on = stage(
    (url) => `${upstreamYaml(url)}
routes:
  - { name: all, upstream: up }${[400, 600, 4096].map(addingRoute).join('')}`,
  );

  async function connected<T>(use: (client: RawClient) => Promise<T>): Promise<T> {
    const client = await RawClient.open(on.gateway.port);
    try {
      return await use(client);
    } finally {
      client.close();
    }
  }

  it('answers HEAD with the length of what GET would answer, and no body', async () => {
    on.upstream.answer = ({ method }) =>
      method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n' : ok('next');
    await connected(async (client) => {
      const head = await callOn(client, 'HEAD /');
      assert.equal(head.header('content-length'), '12345');
      assert.equal((await callOn(client, 'GET /')).text, 'next');
    });
  });

  it('answers HEAD when the upstream would have chunked', async () => {
    on.upstream.answer = ({ method }) =>
      method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' : ok('next');
    await connected(async (client) => {
      assert.equal((await callOn(client, 'HEAD /')).status, 200);
      assert.equal((await callOn(client, 'GET /')).text, 'next');
    });
  });

  for (const [status, fields] of [
    ['204 No Content', ''],
    ['304 Not Modified', 'ETag: "a"\r\n'],
    ['304 Not Modified', 'ETag: "a"\r\nContent-Length: 500\r\n'],
  ] as const) {
    it(`answers ${status} ${JSON.stringify(fields)} without a body, and goes on`, async () => {
      on.upstream.answer = ({ target }) =>
        target === '/next' ? ok('next') : `HTTP/1.1 ${status}\r\n${fields}\r\n`;
      await connected(async (client) => {
        const answer = await callOn(client, 'GET /');
        assert.equal(answer.status, Number(status.slice(0, 3)));
        assert.deepEqual(valuesOf(answer.message.fields, 'transfer-encoding'), []);
        if (answer.status === 204) assert.equal(answer.header('content-length'), null);
        else assert.equal(answer.header('etag'), '"a"');
        assert.equal((await callOn(client, 'GET /next')).text, 'next');
      });
    });
  }

  for (const fieldBytes of [0, 400, 600, 4096]) {
    it(`keeps a body behind a head to which ${fieldBytes} bytes are added`, async () => {
      const body = 'abcdefghij'.repeat(900);
      const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
      const pieces = body.match(/.{1,777}/g) ?? [];
      const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
      on.upstream.answer = ({ target }) =>
        target.includes('chunked') ? `${chunked}${chunks.join('')}0\r\n\r\n` : ok(body);
      await connected(async (client) => {
        for (const framing of ['length', 'chunked']) {
          const answer = await callOn(client, `GET /added-${fieldBytes}/${framing}`);
          assert.equal(answer.text, body, framing);
          assert.equal(answer.header('x-added')?.length ?? 0, fieldBytes);
        }
      });
    });
  }

  it('waits for the final response behind interim ones', async () => {
    on.upstream.answer = async (_request, { socket }) => {
      for (const interim of ['100 Continue', '103 Early Hints\r\nLink: </a>', '102 Processing']) {
        socket.write(`HTTP/1.1 ${interim}\r\n\r\n`);
        await sleep(20);
      }
      return ok('final');
    };
    assert.equal((await on.call('GET /')).text, 'final');
  });

  it('lets a client that waits for 100 Continue send its body', async () => {
    await connected(async (client) => {
      client.send(
        'POST / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
      );
      const asked = await client.read(({ interim }) => interim.length > 0, { timeoutMs: 3000 });
      assert.deepEqual(asked.interim, [100]);
      client.send('hello');
      const seen = await client.read(({ responses }) => responses.length > 0);
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(on.upstream.last.body.toString(), 'hello');
    });
  });

  it('serves many requests on one connection, over few connections upstream', async () => {
    on.upstream.disconnect();
    await connected(async (client) => {
      for (let count = 0; count < 50; count++) {
        on.upstream.answer = ({ target }) => ok(target);
        assert.equal((await callOn(client, `GET /${count}`)).text, `/${count}`);
      }
    });
    assert.equal(on.upstream.connections.length, 1);
  });

  it('closes when the client asks for it', async () => {
    await connected(async (client) => {
      assert.equal(
        (await callOn(client, 'GET /', { headers: { Connection: 'close' } })).status,
        200,
      );
      const seen = await client.read(({ closed }) => closed, { timeoutMs: 2000 });
      assert.ok(seen.closed);
    });
  });

  it('does not reuse a connection that the upstream wants to close', async () => {
    on.upstream.disconnect();
    on.upstream.answer = () => ok('ok', { Connection: 'close' });
    for (let count = 0; count < 3; count++) assert.equal((await on.call('GET /')).status, 200);
    assert.equal(on.upstream.connections.length, 3);
  });

  it('reads a body that only the end of the connection ends', async () => {
    on.upstream.answer = (_request, { socket }) => {
      socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end');
      return null;
    };
    assert.equal((await on.call('GET /')).text, 'until the end');
  });
});

describe('a pooled connection that turns out to be stale', () => {
  const on = stage((url) => `${upstreamYaml(url)}\nroutes: [{ name: all, upstream: up }]`);
  let attempts = 0;

  /** Answers a connection's first request, and drops the connection on its second. */
  async function makeStale(): Promise<void> {
    on.upstream.disconnect();
    await sleep(50);
    attempts = 0;
    on.upstream.answer = (request, connection) => {
      if (request.target === '/first') return ok();
      attempts += 1;
      if (connection.requests.length === 1) return ok('fresh');
      connection.socket.resetAndDestroy();
      return null;
    };
    assert.equal((await on.call('GET /first')).status, 200);
  }

  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    it(`is replaced once for ${method}`, async () => {
      await makeStale();
      assert.equal((await on.call(`${method} /again`)).status, 200);
      assert.equal(attempts, 2);
    });
  }

  for (const method of ['POST', 'PATCH']) {
    it(`is no reason to send ${method} twice`, async () => {
      await makeStale();
      const answer = await on.call(`${method} /again`, { body: 'x' });
      assert.equal(answer.problem, 'upstream_reset');
      assert.equal(attempts, 1);
    });
  }

  it('never sends half of a PUT’s body a second time', async () => {
    await makeStale();
    const body = 'b'.repeat(500_000);
    const answer = await on.call('PUT /again', { body });
    assert.ok(answer.status === 200 || answer.problem === 'upstream_reset', answer.text);
    for (const request of on.upstream.requests.filter(({ method }) => method === 'PUT')) {
      assert.equal(request.body.length, body.length);
    }
  });

  it('is replaced only once', async () => {
    on.upstream.disconnect();
    await sleep(50);
    attempts = 0;
    on.upstream.answer = ({ target }, { socket }) => {
      if (target === '/first') return ok();
      attempts += 1;
      socket.resetAndDestroy();
      return null;
    };
    await on.call('GET /first');
    assert.equal((await on.call('GET /again')).problem, 'upstream_reset');
    assert.ok(attempts <= 2, `${attempts} attempts`);
  });

  it('is not used at all when its end was seen in time', async () => {
    on.upstream.answer = () => ok();
    assert.equal((await on.call('GET /')).status, 200);
    const pooled = on.upstream.connections;
    for (const { socket } of pooled) socket.end();
    await until('the gateway closes its side', () => pooled.every(({ closed }) => closed), 3000);
    assert.equal((await on.call('POST /', { body: 'x' })).status, 200);
  });

  it('is not retried once a response has begun', async () => {
    on.upstream.disconnect();
    attempts = 0;
    on.upstream.answer = (_request, { socket }) => {
      attempts += 1;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setTimeout(() => socket.resetAndDestroy(), 30);
      return null;
    };
    await assert.rejects(on.call('GET /', { timeoutMs: 3000 }));
    assert.equal(attempts, 1);
  });
});
