import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';

import type { RevocationList } from './revocations.ts';
import { type Admin, openAdmin, type Readiness } from './server.ts';

const LIST: RevocationList = {
  list: () => [],
  revoke: () => ({ revocation: {}, isNew: true }),
  undo: () => ({ revocation: {}, isNew: false }),
};
const METRICS = (): string => 'stoa_workers 2\n';

describe('admin listener', () => {
  let readiness: Readiness = { wanted: 2, ready: 2, draining: false };
  let metrics = METRICS;
  const errors: unknown[] = [];
  let admin: Admin;
  const get = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${admin.port}${path}`, init);

  before(async () => {
    admin = await openAdmin({
      host: '127.0.0.1',
      port: 0,
      readiness: () => readiness,
      metrics: () => metrics(),
      revocations: LIST,
      token: null,
      onError: (error) => void errors.push(error),
    });
  });
  after(() => admin.close());

  it('is live as long as it answers', async () => {
    const response = await get('/health/live?probe=1');
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { status: 'live' });
  });

  // biome-ignore format: a table is read by column.
  const cases = [
    { wanted: 2, ready: 2, draining: false, status: 200, says: 'ready' },
    { wanted: 2, ready: 1, draining: false, status: 503, says: 'starting' },
    { wanted: 2, ready: 2, draining: true,  status: 503, says: 'draining' },
  ];
  for (const { status, says, ...state } of cases) {
    it(`answers ${status} ${says} for ${JSON.stringify(state)}`, async () => {
      readiness = state;
      const response = await get('/health/ready');
      assert.equal(response.status, status);
      const { wanted, ready } = state;
      assert.deepEqual(await response.json(), { status: says, workers: { wanted, ready } });
    });
  }

  it('serves metrics as Prometheus text, and HEAD without a body', async () => {
    const response = await get('/metrics');
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await response.text(), 'stoa_workers 2\n');

    const head = await get('/metrics', { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), '15');
    assert.equal(await head.text(), '');
  });

  it('answers a problem for another path or method', async () => {
    const missing = await get('/nothing');
    assert.equal(missing.status, 404);
    assert.equal(missing.headers.get('content-type'), 'application/problem+json');
    assert.deepEqual(((await missing.json()) as { code: string }).code, 'route_not_found');

    const post = await get('/metrics', { method: 'POST', body: 'x'.repeat(100_000) });
    assert.equal(post.status, 405);
    assert.equal(post.headers.get('allow'), 'GET, HEAD');
    assert.equal(post.headers.get('connection'), 'close');
  });

  it('answers 500 and stays when the metrics fail', async () => {
    metrics = () => {
      throw new Error('segment gone');
    };
    assert.equal((await get('/metrics')).status, 500);
    assert.deepEqual(errors.map(String), ['Error: segment gone']);
    assert.equal((await get('/health/live')).status, 200);
  });

  it('refuses a head over its limit', async () => {
    const response = await get('/health/live', { headers: { 'x-large': 'x'.repeat(10_000) } });
    assert.equal(response.status, 431);
  });

  it('accepts at most 64 connections', async () => {
    const sockets = Array.from({ length: 70 }, () => connect(admin.port, '127.0.0.1'));
    const closed = sockets.map(
      (socket) =>
        new Promise<boolean>((resolve) => {
          socket.on('error', () => {}).on('close', () => resolve(true));
          setTimeout(() => resolve(false), 500).unref();
        }),
    );
    const dropped = (await Promise.all(closed)).filter(Boolean).length;
    for (const socket of sockets) socket.destroy();
    assert.ok(dropped >= 6, `${dropped} connections were dropped`);
  });
});

it('rejects when the address is taken', async () => {
  const options = {
    host: '127.0.0.1',
    readiness: (): Readiness => ({ wanted: 1, ready: 1, draining: false }),
    metrics: () => '',
    revocations: LIST,
    token: null,
    onError: () => {},
  };
  const first = await openAdmin({ ...options, port: 0 });
  await assert.rejects(openAdmin({ ...options, port: first.port }), { code: 'EADDRINUSE' });
  await first.close();
});
