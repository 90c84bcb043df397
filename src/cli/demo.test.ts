import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';

import { type Demo, startDemo } from './demo.ts';

describe('the demo backend', () => {
  let demo: Demo;
  before(async () => {
    demo = await startDemo({ address: '127.0.0.1:0' });
  });
  after(async () => demo.close());

  const get = async (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://${demo.address}${path}`, init);

  it('says what it received', async () => {
    const response = await get('/a/b?c=d', {
      method: 'POST',
      headers: { 'x-tenant': 'acme' },
      body: 'twelve bytes',
    });
    const body = (await response.json()) as Record<string, unknown>;
    assert.equal(body['method'], 'POST');
    assert.equal(body['path'], '/a/b?c=d');
    assert.equal(body['bodyBytes'], 12);
    assert.equal((body['headers'] as Record<string, string>)['x-tenant'], 'acme');
  });

  it('answers a HEAD with no body', async () => {
    const response = await get('/', { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });

  it('waits as long as asked', async () => {
    const startedAt = performance.now();
    await (await get('/delay/50')).text();
    assert.ok(performance.now() - startedAt >= 45);
  });

  for (const size of [0, 1, 65_536, 200_001]) {
    it(`sends exactly ${size} bytes`, async () => {
      const body = await (await get(`/bytes/${size}`)).arrayBuffer();
      assert.equal(body.byteLength, size);
    });
  }

  it('never sends more than its bound', async () => {
    const response = await get('/bytes/99999999999999');
    assert.equal(response.headers.get('content-length'), '1073741824');
    await response.body?.cancel();
  });

  it('sends events one by one, at most 1 000', async () => {
    const text = await (await get('/sse?count=3&intervalMs=1')).text();
    assert.deepEqual(
      text.split('\n').filter((line) => line.startsWith('data')),
      ['data: event 1 of 3', 'data: event 2 of 3', 'data: event 3 of 3'],
    );
    const many = await (await get('/sse?count=5000&intervalMs=0')).text();
    assert.equal(many.match(/^data/gm)?.length, 1000);
  });

  it('outlives a caller that goes away in the middle', async () => {
    await new Promise<void>((resolve) => {
      const call = request(`http://${demo.address}/bytes/100000000`, (response) => {
        response.once('data', () => {
          call.destroy();
          resolve();
        });
      });
      call.on('error', () => {});
      call.end();
    });
    assert.equal((await get('/')).status, 200);
  });

  it('refuses what is not an address, and an address in use', async () => {
    await assert.rejects(startDemo({ address: 'nowhere' }), /not an address: "nowhere"/);
    await assert.rejects(startDemo({ address: demo.address }), { code: 'EADDRINUSE' });
  });
});
