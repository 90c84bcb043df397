import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { parseResponses, type ResponseMessage } from '../../test/support/http1.ts';
import { type Observed, RawClient } from '../../test/support/raw-client.ts';
import { startPortableUpstream, startUpstream, type Upstream } from './native.ts';

const folder = mkdtempSync(join(tmpdir(), 'arena-upstream-'));
const jwksFile = join(folder, 'jwks.json');
writeFileSync(jwksFile, '{"keys":[]}');
after(() => rmSync(folder, { recursive: true }));

const HOST = 'host: a\r\n';
const kinds = { native: startUpstream, portable: startPortableUpstream };

for (const [name, start] of Object.entries(kinds)) {
  describe(`the ${name} upstream`, () => {
    let upstream: Upstream;
    before(async () => {
      upstream = await start({ cores: '0-1', jwksFile });
    });
    after(() => upstream.program.stop());

    async function converse(bytes: string, answers: number): Promise<Observed> {
      const client = await RawClient.open(upstream.port);
      const methods = Array.from({ length: answers }, () => bytes.split(' ', 1)[0] ?? '');
      client.send(bytes);
      const seen = await client.read((now) => now.responses.length >= answers, { methods });
      client.close();
      return seen;
    }

    async function answer(bytes: string): Promise<ResponseMessage> {
      const { responses } = await converse(bytes, 1);
      const [first] = responses;
      assert.ok(first !== undefined, 'no answer');
      return first;
    }

    test('sends as many bytes as the path’s last segments say', async () => {
      for (const bytes of [0, 1, 1024, 65_536]) {
        const { status, body } = await answer(
          `GET /any/thing/bytes/${bytes}?q HTTP/1.1\r\n${HOST}\r\n`,
        );
        assert.deepEqual([status, body.length], [200, bytes]);
      }
    });

    test('sends 16 MiB to who reads as fast as it can', async () => {
      const bytes = await new Promise<number>((resolve, reject) => {
        let sum = 0;
        get({ port: upstream.port, path: `/bytes/${16 << 20}`, agent: false }, (response) => {
          response.on('data', (piece: Buffer) => {
            sum += piece.length;
          });
          response.once('end', () => resolve(sum));
        }).once('error', reject);
      });
      assert.equal(bytes, 16 << 20);
    });

    test('sends a body back, however it was framed', async () => {
      const sized = await answer(`POST /x/echo HTTP/1.1\r\n${HOST}content-length: 5\r\n\r\nhello`);
      assert.deepEqual([sized.status, sized.body.toString()], [200, 'hello']);
      const chunks = '3\r\nabc\r\n4;e=1\r\ndefg\r\n0\r\nx-t: 1\r\n\r\n';
      const chunked = await answer(
        `POST /x/echo HTTP/1.1\r\n${HOST}transfer-encoding: chunked\r\n\r\n${chunks}`,
      );
      assert.equal(chunked.body.toString(), 'abcdefg');
    });

    test('tells what came, in its order, and how many requests the connection brought', async () => {
      const head = `POST /a/probe?b=1 HTTP/1.1\r\nHost: a\r\nX-Two: 2\r\nx-one: 1\r\nX-Two: 3\r\n`;
      const { responses } = await converse(
        `${head}content-length: 3\r\n\r\nabc${head}content-length: 0\r\n\r\n`,
        2,
      );
      const [first, second] = responses.map(({ body }): unknown => JSON.parse(body.toString()));
      const headers = [
        ['Host', 'a'],
        ['X-Two', '2'],
        ['x-one', '1'],
        ['X-Two', '3'],
      ];
      const common = { method: 'POST', path: '/a/probe?b=1' };
      assert.deepEqual(first, {
        ...common,
        headers: [...headers, ['content-length', '3']],
        connectionRequests: 1,
        bodyBytes: 3,
      });
      assert.deepEqual(second, {
        ...common,
        headers: [...headers, ['content-length', '0']],
        connectionRequests: 2,
        bodyBytes: 0,
      });
    });

    test('answers requests that were sent at once, in their order, one of them later', async () => {
      const paths = ['/bytes/1', '/delay/30', '/bytes/3', '/none', '/jwks'];
      const bytes = paths.map((path) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`).join('');
      const { responses } = await converse(bytes, paths.length);
      assert.deepEqual(
        responses.map(({ status, body }) => [status, body.toString()]),
        [
          [200, 'x'],
          [200, ''],
          [200, 'xxx'],
          [404, ''],
          [200, '{"keys":[]}'],
        ],
      );
    });

    test('streams events that tell when they were sent', async () => {
      const { body, status } = await answer(
        `GET /sse?events=3&intervalMs=5 HTTP/1.1\r\n${HOST}\r\n`,
      );
      const sentUs = [...body.toString().matchAll(/^data: (\d+)\n\n/gm)].map(([, us]) =>
        Number(us),
      );
      assert.deepEqual([status, sentUs.length], [200, 3]);
      assert.ok((sentUs[2] ?? 0) - (sentUs[0] ?? 0) >= 9000);
      assert.ok(Math.abs(Number(process.hrtime.bigint() / 1000n) - (sentUs[2] ?? 0)) < 60_000_000);
    });

    test('refuses what is no HTTP, and ends the connection', async () => {
      const seen = await converse(`GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n`, 2);
      assert.deepEqual([seen.responses.map(({ status }) => status), seen.closed], [[400], true]);
    });

    test('ends the connection when it is asked to', async () => {
      const seen = await converse(`GET /bytes/2 HTTP/1.1\r\n${HOST}connection: close\r\n\r\n`, 2);
      assert.deepEqual([seen.responses.map(({ status }) => status), seen.closed], [[200], true]);
      assert.equal(parseResponses(seen.bytes, ['GET'], true).responses[0]?.body.length, 2);
    });

    test('sends no body to HEAD', async () => {
      const seen = await converse(`HEAD /bytes/9 HTTP/1.1\r\n${HOST}\r\n`, 1);
      assert.match(seen.bytes.toString(), /content-length: 9\r\n(.+\r\n)*\r\n$/i);
    });
  });
}
