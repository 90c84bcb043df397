import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { freePort } from '../host/ports.ts';
import { startUpstream, type Upstream } from '../load/native.ts';
import { Manifest } from './manifest.ts';
import type { StartPlan, Target } from './target.ts';
import { urlTarget } from './url.ts';

const VARIABLE = 'ARENA_TEST_URL';

let upstream: Upstream;
before(async () => {
  upstream = await startUpstream({ cores: '0,1' });
});
after(async () => {
  delete process.env[VARIABLE];
  await upstream.program.stop();
});

function elsewhere(url: 'upstream' | { readonly variable: string }): Target {
  const manifest = Manifest.parse({
    title: 'Elsewhere',
    kind: 'url',
    url,
    ready: { timeoutMs: 300 },
    tiers: { pass: {} },
  });
  return urlTarget({ name: 'elsewhere', manifest, here: '/' }, url);
}

function plan(): StartPlan {
  const limits = { workers: 1, cores: '0', memoryMaxBytes: 1 };
  return { tier: 'pass', folder: '/tmp', port: 1, upstream, ...limits };
}

describe('a target that runs already', () => {
  it('is attached to where it runs, has no process here, and is left running', async () => {
    process.env[VARIABLE] = `http://127.0.0.1:${upstream.port}`;
    const target = elsewhere({ variable: VARIABLE });
    assert.deepEqual(await target.examine(), {
      status: 'ready',
      version: `unknown, at http://127.0.0.1:${upstream.port}`,
    });
    const running = await target.start(plan());
    const { host, port, pid, configs, reload } = running;
    assert.deepEqual(
      [host, port, pid, configs, reload],
      ['127.0.0.1', upstream.port, null, [], null],
    );
    await running.stop();
    assert.equal((await target.examine()).status, 'ready');
  });

  it('is unavailable when nobody says where, or nonsense, or nothing is there', async () => {
    const free = await freePort();
    // biome-ignore format: a table is read by column.
    const cases = [
      ['',                          /set ARENA_TEST_URL to where it runs, such as http/],
      ['127.0.0.1:80',              /ARENA_TEST_URL is no plain http:\/\/HOST:PORT/],
      ['https://127.0.0.1',         /is no plain http/],
      ['http://127.0.0.1/prefix',   /is no plain http/],
      [`http://127.0.0.1:${free}`,  /nothing answers at http:\/\/127\.0\.0\.1:\d+/],
    ] as const;
    for (const [url, why] of cases) {
      process.env[VARIABLE] = url;
      const target = elsewhere({ variable: VARIABLE });
      const found = await target.examine();
      assert.ok(found.status === 'unavailable', url);
      assert.match(found.why, why);
      await assert.rejects(target.start(plan()), why);
    }
  });

  it('is the upstream itself where the manifest says so', async () => {
    const target = elsewhere('upstream');
    assert.deepEqual(await target.examine(), { status: 'ready', version: 'no gateway' });
    assert.equal((await target.start(plan())).port, upstream.port);
  });
});
