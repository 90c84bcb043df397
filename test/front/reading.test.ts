/**
 * What the native front reads that uWebSockets.js does not: HTTP/1.0, several requests at once,
 * expectations that are answered after the decision.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Answer, callOn, RawClient } from '../support/raw-client.ts';
import { ok } from '../support/recording-upstream.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const HOST = 'Host: gw.test\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** The head of a POST that waits for a 100 before its 5 bytes. */
function waitingPost(target: string, fields = ''): string {
  return `POST ${target} HTTP/1.1\r\n${HOST}${fields}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
}

describe('the native front', () => {
  const on = stage(
    (url) => `${upstreamYaml(url)}
consumers: { acme: { apiKeys: [{ value: good }] } }
routes:
  - { name: keyed, match: { path: /keyed }, upstream: up, auth: { apiKey: { header: x-api-key } } }
  - { name: denied, match: { path: /denied }, deny: true }
  - { name: open, match: { path: /open/* }, upstream: up }
`,
    { front: 'native' },
  );

  /** Sends these bytes on a connection of their own and reads until `count` answers or the end. */
  async function sent(bytes: string, count: number, methods: readonly string[] = []) {
    const client = await RawClient.open(on.gateway.port);
    client.send(bytes);
    const seen = await client.read(({ responses }) => responses.length >= count, {
      methods,
      quietMs: 100,
    });
    client.close();
    return { ...seen, answers: seen.responses.map((response) => new Answer(response)) };
  }

  describe('serves HTTP/1.0', () => {
    it('and closes behind the answer', async () => {
      const { answers, closed } = await sent(`GET /open/a HTTP/1.0\r\n${HOST}\r\n`, 1);
      const answer = answers[0] ?? assert.fail('no answer');
      assert.equal(answer.status, 200);
      assert.equal(answer.header('connection'), 'close');
      assert.equal(answer.header('content-length'), '2');
      assert.ok(closed);
    });

    it('and keeps the connection when asked to', async () => {
      const request = `GET /open/a HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`;
      const { answers, closed } = await sent(request + request, 2);
      assert.deepEqual(
        answers.map((answer) => [answer.status, answer.header('connection')]),
        [
          [200, 'keep-alive'],
          [200, 'keep-alive'],
        ],
      );
      assert.ok(!closed);
    });

    it('and ends a body of unknown length with the connection, never in chunks', async () => {
      on.upstream.answer = async (_, { socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
        await sleep(50);
        return '5\r\nworld\r\n0\r\n\r\n';
      };
      const request = `GET /open/a HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`;
      const { answers, responses, closed } = await sent(request, 2);
      const answer = answers[0] ?? assert.fail('no answer');
      assert.equal(answer.text, 'helloworld');
      assert.equal(answer.header('transfer-encoding'), null);
      assert.equal(answer.header('connection'), 'close');
      assert.equal(responses[0]?.delimited, 'close');
      assert.ok(closed);
    });
  });

  it('answers HEAD with the length and no body, and goes on', async () => {
    on.upstream.answer = ({ method }) =>
      method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n' : ok('after');
    const client = await RawClient.open(on.gateway.port);
    const head = await callOn(client, 'HEAD /open/a');
    assert.equal(head.header('content-length'), '5');
    assert.equal(head.text, '');
    assert.equal((await callOn(client, 'GET /open/a')).text, 'after');
    const denied = await callOn(client, 'HEAD /denied');
    assert.equal(denied.status, 403);
    assert.equal(denied.text, '');
    assert.equal((await callOn(client, 'GET /open/a')).text, 'after');
    client.close();
  });

  it('answers what came at once in its order, the refused and the served, one at a time', async () => {
    let under = 0;
    let most = 0;
    on.upstream.answer = async ({ target, body }) => {
      most = Math.max(most, ++under);
      await sleep(target === '/open/slow' ? 150 : 5);
      under -= 1;
      return ok(`${target} ${body.toString()}`);
    };
    const { answers, closed } = await sent(
      [
        `GET /open/slow HTTP/1.1\r\n${HOST}\r\n`,
        `GET /denied HTTP/1.1\r\n${HOST}\r\n`,
        `POST /open/b HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
        `GET /keyed HTTP/1.1\r\n${HOST}\r\n`,
        `POST /open/c HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
        `GET /nowhere HTTP/1.1\r\n${HOST}\r\n`,
        `GET /open/d HTTP/1.1\r\n${HOST}\r\n`,
      ].join(''),
      7,
    );
    assert.deepEqual(
      answers.map((answer) => answer.problem ?? answer.text),
      [
        '/open/slow ',
        'route_denied',
        '/open/b hello',
        'api_key_missing',
        '/open/c abc',
        'route_not_found',
        '/open/d ',
      ],
    );
    assert.equal(most, 1);
    assert.ok(!closed);
  });

  it('reads nothing behind a request that it closes on', async () => {
    const { answers, closed } = await sent(
      `GET /open/a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\nGET /open/b HTTP/1.1\r\n${HOST}\r\n`,
      2,
    );
    assert.equal(answers.length, 1);
    assert.ok(closed);
    assert.deepEqual(
      on.upstream.requests.map(({ target }) => target),
      ['/open/a'],
    );
  });

  it('does not read what came behind a request for another protocol as a request', async () => {
    const { answers, closed } = await sent(
      `GET /open/a HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: foo\r\n\r\nGET /open/b HTTP/1.1\r\n${HOST}\r\n`,
      2,
    );
    assert.deepEqual(
      answers.map((answer) => [answer.status, answer.header('connection')]),
      [[200, 'close']],
    );
    assert.ok(closed);
    assert.deepEqual(
      on.upstream.requests.map(({ target }) => target),
      ['/open/a'],
    );
  });

  describe('says 100 to who waits for it', () => {
    it('when the request is accepted, and then takes the body', async () => {
      const client = await RawClient.open(on.gateway.port);
      client.send(waitingPost('/keyed', 'x-api-key: good\r\n'));
      await client.read(({ interim }) => interim.length > 0);
      assert.equal(client.seen().bytes.toString(), CONTINUE);
      client.send('hello');
      const seen = await client.read(({ responses }) => responses.length > 0);
      assert.equal(seen.responses[0]?.status, 200);
      assert.equal(on.upstream.last.body.toString(), 'hello');
      assert.ok(!seen.closed);
      client.close();
    });

    it('never when it is refused: the refusal comes at once, and the connection closes', async () => {
      const { answers, interim, closed } = await sent(waitingPost('/keyed'), 2);
      assert.deepEqual(interim, []);
      assert.deepEqual(
        answers.map(({ problem }) => problem),
        ['api_key_missing'],
      );
      assert.ok(closed);
    });

    it('and not to who sent the body with the head', async () => {
      const { answers, interim } = await sent(`${waitingPost('/open/a')}hello`, 1);
      assert.deepEqual(interim, []);
      assert.equal(answers[0]?.status, 200);
    });
  });

  it('puts a head together that comes byte by byte', async () => {
    const client = await RawClient.open(on.gateway.port);
    for (const byte of `GET /open/a HTTP/1.1\r\n${HOST}\r\n`) {
      client.send(byte);
      await sleep(1);
    }
    const seen = await client.read(({ responses }) => responses.length > 0);
    assert.equal(seen.responses[0]?.status, 200);
    client.close();
  });

  it('takes a client that sends no more for gone, and ends its exchange upstream', async () => {
    on.upstream.answer = () => null;
    const client = await RawClient.open(on.gateway.port);
    client.send(`GET /open/never HTTP/1.1\r\n${HOST}\r\n`);
    await until('it is upstream', () => on.upstream.requests.length === 1);
    client.socket.end();
    await until('it is ended upstream', () =>
      on.upstream.connections.every(({ closed }) => closed),
    );
    const seen = await client.read(() => false, { timeoutMs: 2000 });
    assert.equal(seen.bytes.length, 0);
    assert.ok(seen.closed);
  });
});
