/**
 * Bodies in motion: events one by one, big bodies in both directions, and back-pressure.
 *
 * `STOA_TEST_LONG=1` moves 1 GiB each way instead of 64 MiB.
 *
 * @module
 */

import assert from 'node:assert/strict';
import {
  type ClientRequest,
  type IncomingMessage,
  request,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';

import { drained, growthDuring, kernelBufferMaxBytes, plateau, Source } from '../support/flow.ts';
import { httpStage } from '../support/http-upstream.ts';
import { RawClient } from '../support/raw-client.ts';
import { upstreamYaml } from '../support/stage.ts';
import { sleep, until } from '../../arena/host/wait.ts';

const MIB = 1_048_576;
const BIG_BYTES = process.env['STOA_TEST_LONG'] === '1' ? 1024 * MIB : 64 * MIB;
/** What a worker's memory may grow by while one big body goes through it. */
const GROWTH_MAX_BYTES = 32 * MIB;
/** What may be under way when the reader stands still: what the kernel holds of two connections,
 * and a little of ours. */
const UNDER_WAY_MAX_BYTES = 2 * kernelBufferMaxBytes() + 8 * MIB;

function responseTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
}

describe('streaming', () => {
  const on = httpStage(
    (url) => `${upstreamYaml(url)}
limits: { bodyMaxBytes: 4294967296 }
routes:
  - { name: all, upstream: up }
`,
  );

  function open(options: RequestOptions): ClientRequest {
    return request({ host: '127.0.0.1', port: on.gateway.port, agent: false, ...options });
  }

  it('hands over each event before the next one exists', async () => {
    const events = 50;
    const held: { response?: ServerResponse } = {};
    on.upstream.handler = (incoming, response) => {
      incoming.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      // The front sends the head of a chunked response with the first byte of its body.
      response.write(': open\n\n');
      held.response = response;
    };
    const outgoing = open({ headers: { accept: 'text/event-stream' } });
    outgoing.end();
    const response = await responseTo(outgoing);
    assert.equal(response.headers['content-type'], 'text/event-stream');
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('error', () => {});
    for (let event = 0; event < events; event++) {
      held.response?.write(`data: ${event}\n\n`);
      await until(`event ${event}`, () => text.endsWith(`data: ${event}\n\n`), 2000);
    }
    outgoing.destroy();
  });

  it('passes the head on before there is a body, when its length is known', async () => {
    const held: { response?: ServerResponse } = {};
    on.upstream.handler = (incoming, response) => {
      incoming.resume();
      response.writeHead(200, { 'content-length': 2 });
      response.flushHeaders();
      held.response = response;
    };
    const client = await RawClient.open(on.gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n');
    const early = await client.read(({ bytes }) => bytes.includes('\r\n\r\n'), { timeoutMs: 2000 });
    assert.ok(early.bytes.toString().startsWith('HTTP/1.1 200 OK\r\n'));
    assert.equal(early.state, 'partial');
    held.response?.end('ok');
    const seen = await client.read(({ responses }) => responses.length > 0, { timeoutMs: 2000 });
    client.close();
    assert.equal(seen.responses[0]?.body.toString(), 'ok');
  });

  it('passes a request’s body on before its end', async () => {
    const parts: string[] = [];
    on.upstream.handler = (incoming, response) => {
      incoming.setEncoding('utf8').on('data', (part: string) => parts.push(part));
      incoming.on('end', () => response.end(parts.join('')));
    };
    const outgoing = open({ method: 'POST', headers: { 'content-length': 10 } });
    const answered = responseTo(outgoing);
    for (const part of ['one', 'two', 'four']) {
      outgoing.write(part);
      await until(`the upstream has ${part}`, () => parts.join('').endsWith(part), 2000);
    }
    outgoing.end();
    assert.equal((await drained(await answered)).bytes, 10);
  });

  for (const framing of ['content-length', 'chunked'] as const) {
    const lengthOf = (bytes: number) =>
      framing === 'chunked' ? {} : { 'content-length': String(bytes) };

    it(`downloads ${BIG_BYTES / MIB} MiB (${framing}) in flat memory`, async () => {
      const source = new Source(BIG_BYTES);
      on.upstream.handler = (incoming, response) => {
        incoming.resume();
        response.writeHead(200, lengthOf(BIG_BYTES));
        source.pipe(response);
      };
      const growth = await growthDuring(on.gateway, async () => {
        const outgoing = open({});
        outgoing.end();
        const { bytes, digest } = await drained(await responseTo(outgoing));
        assert.deepEqual({ bytes, digest }, { bytes: BIG_BYTES, digest: source.digest() });
      });
      assert.ok(growth < GROWTH_MAX_BYTES, `grew by ${growth} bytes`);
    });

    it(`uploads ${BIG_BYTES / MIB} MiB (${framing}) in flat memory`, async () => {
      on.upstream.handler = (incoming, response) => {
        drained(incoming).then(
          (got) => response.end(JSON.stringify(got)),
          () => response.destroy(),
        );
      };
      const source = new Source(BIG_BYTES);
      const growth = await growthDuring(on.gateway, async () => {
        const outgoing = open({ method: 'PUT', headers: lengthOf(BIG_BYTES) });
        source.pipe(outgoing);
        let answer = '';
        for await (const text of (await responseTo(outgoing)).setEncoding('utf8')) answer += text;
        assert.deepEqual(JSON.parse(answer), { bytes: BIG_BYTES, digest: source.digest() });
      });
      assert.ok(growth < GROWTH_MAX_BYTES, `grew by ${growth} bytes`);
    });
  }

  for (const size of [1000, 100_000, 3_000_000]) {
    it(`frames ${size} bytes rightly when the connection closes behind them`, async () => {
      on.upstream.handler = (incoming, response) => {
        incoming.resume();
        incoming.on('end', () => response.end(Buffer.alloc(size, 'x')));
      };
      for (const fields of [
        'Transfer-Encoding: chunked',
        'Connection: close\r\nContent-Length: 10',
      ]) {
        const client = await RawClient.open(on.gateway.port);
        const body = fields.startsWith('T') ? '5\r\nhello\r\n0\r\n\r\n' : '0123456789';
        client.send(`POST / HTTP/1.1\r\nHost: gw.test\r\n${fields}\r\n\r\n${body}`);
        const seen = await client.read(
          ({ responses, state }) => responses.length > 0 || state === 'invalid',
          {
            timeoutMs: 5000,
            quietMs: 50,
          },
        );
        client.close();
        assert.equal(seen.state, 'clean', fields);
        assert.equal(seen.responses[0]?.body.length, size, fields);
      }
    });
  }

  it('holds the upstream back when the client does not read, and goes on when it does', async () => {
    const source = new Source(256 * MIB);
    on.upstream.handler = (incoming, response) => {
      incoming.resume();
      response.writeHead(200, { 'content-length': 256 * MIB });
      source.pipe(response);
    };
    const growth = await growthDuring(on.gateway, async () => {
      const outgoing = open({});
      outgoing.end();
      const response = await responseTo(outgoing);
      response.pause();
      const stopped = await plateau(() => source.sent);
      assert.ok(stopped < UNDER_WAY_MAX_BYTES, `${stopped} bytes under way`);
      assert.equal((await drained(response)).digest, source.digest());
    });
    assert.ok(growth < GROWTH_MAX_BYTES, `grew by ${growth} bytes`);
  });

  it('holds the client back when the upstream does not read, and goes on when it does', async () => {
    let arrived: IncomingMessage | null = null;
    on.upstream.handler = (incoming, response) => {
      arrived = incoming;
      incoming.pause();
      incoming.on('end', () => response.end('done'));
    };
    const source = new Source(256 * MIB);
    const growth = await growthDuring(on.gateway, async () => {
      const outgoing = open({ method: 'PUT', headers: { 'content-length': 256 * MIB } });
      source.pipe(outgoing);
      const answered = responseTo(outgoing);
      const incoming = await until('the request arrives', () => arrived);
      const stopped = await plateau(() => source.sent);
      assert.ok(stopped < UNDER_WAY_MAX_BYTES, `${stopped} bytes under way`);
      const got = await drained(incoming);
      assert.equal(got.digest, source.digest());
      assert.equal((await drained(await answered)).bytes, 4);
    });
    assert.ok(growth < GROWTH_MAX_BYTES, `grew by ${growth} bytes`);
  });

  it('answers at once when the upstream answers before it has read the body', async () => {
    on.upstream.handler = (_incoming, response) => {
      response.writeHead(409, { 'content-length': 4 });
      response.end('stop');
    };
    const outgoing = open({ method: 'PUT', headers: { 'content-length': 64 * MIB } });
    outgoing.write(Buffer.alloc(65_536));
    const response = await responseTo(outgoing);
    assert.equal(response.statusCode, 409);
    assert.equal((await drained(response)).bytes, 4);
    outgoing.on('error', () => {});
    outgoing.destroy();
  });

  it('cuts the response when the upstream is cut inside it', async () => {
    on.upstream.handler = (incoming, response) => {
      incoming.resume();
      response.writeHead(200);
      response.write(Buffer.alloc(100_000), () => response.socket?.resetAndDestroy());
    };
    const outgoing = open({});
    outgoing.end();
    await assert.rejects(drained(await responseTo(outgoing)));
  });

  it('keeps many streams apart', async () => {
    on.upstream.handler = (incoming, response) => {
      incoming.resume();
      const source = new Source(Number(incoming.url?.slice(1)) * 10_000);
      source.on('end', () => response.end());
      source.pipe(response, { end: false });
    };
    const sizes = Array.from({ length: 40 }, (_, index) => index + 1);
    const bytes = await Promise.all(
      sizes.map(async (size) => {
        const outgoing = open({ path: `/${size}` });
        outgoing.end();
        return (await drained(await responseTo(outgoing))).bytes;
      }),
    );
    assert.deepEqual(
      bytes,
      sizes.map((size) => size * 10_000),
    );
  });

  it('cancels upstream when the client goes, waiting, downloading or uploading', async () => {
    const cases = [
      { bytes: 'GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n', begins: false },
      { bytes: 'GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n', begins: true },
      { bytes: 'PUT / HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 1000\r\n\r\nx', begins: false },
    ];
    for (const { bytes, begins } of cases) {
      const state = { arrived: false, closed: false };
      on.upstream.handler = (incoming, response) => {
        state.arrived = true;
        response.on('close', () => {
          state.closed = true;
        });
        incoming.resume();
        if (begins) response.write('x');
      };
      const socket = connect({ port: on.gateway.port, host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.write(bytes);
      await until('the request arrives', () => state.arrived, 2000);
      await sleep(30);
      socket.destroy();
      await until(`the end of ${bytes.slice(0, 5)}`, () => state.closed, 2000);
    }
  });
});
