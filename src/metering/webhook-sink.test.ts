import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import type { SpooledEvent } from './source.ts';
import { signatureOf, WebhookSink } from './webhook-sink.ts';

interface Posted {
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

function event(line: string): SpooledEvent {
  return { line, timeMs: 0, tenant: 'acme', failed: false, behind: { segment: 1, offset: 64 } };
}

describe('the webhook sink', () => {
  const posted: Posted[] = [];
  let status = 204;
  let server: Server;
  let url = '';
  let folder = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-webhook-'));
    writeFileSync(join(folder, 'secret'), 'a secret of the test\n');
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        posted.push({ body, headers: request.headers });
        if (status !== 0) response.writeHead(status, { location: '/elsewhere' }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/usage`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  const open = (timeoutMs = 5000): WebhookSink =>
    new WebhookSink(
      { url, secretFile: join(folder, 'secret'), timeoutMs },
      () => 1_763_000_000_500,
    );

  it('posts a batch that its receiver can verify', async () => {
    await open().send([event('{"id":"a"}'), event('{"id":"b"}')]);
    const [{ body, headers } = { body: '', headers: {} }] = posted;
    assert.deepEqual(JSON.parse(body), [{ id: 'a' }, { id: 'b' }]);
    assert.equal(headers['content-type'], 'application/cloudevents-batch+json; charset=utf-8');
    assert.equal(headers['stoa-timestamp'], '1763000000');
    const expected = signatureOf('a secret of the test', '1763000000', body);
    assert.equal(headers['stoa-signature'], `v1=${expected}`);
    assert.notEqual(signatureOf('a secret of the test', '1763000001', body), expected);
  });

  for (const refusal of [400, 302, 500]) {
    it(`is not content with status ${refusal}`, async () => {
      status = refusal;
      await assert.rejects(open().send([event('{}')]));
    });
  }

  it('gives up on one that does not answer', async () => {
    status = 0;
    await assert.rejects(open(50).send([event('{}')]), { name: 'TimeoutError' });
  });
});
