/**
 * What the main process sees of quotas for a store that gateways share: what is pending, what others have used, and
 * what holds while the store is gone.
 *
 * One process is main process and worker here; they meet in the file all the same.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { parseConfig } from '../../src/config/load.ts';
import {
  createSegment,
  openQuotas,
  openWorker,
  quotaAcknowledge,
  quotaMode,
  quotaPending,
  quotaTotal,
  readQuotas,
  type WorkerCore,
} from '../../src/native/addon.ts';

const PEER = new Uint8Array([192, 0, 2, 7]).buffer;
const QUOTA = 10;

describe('quotas and a shared store', () => {
  let folder: string;
  let path: string;
  let worker: WorkerCore;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-shared-'));
    path = join(folder, 'counters');
    const loaded = parseConfig(
      `version: 1
workers: 1
quotas: { path: ${path} }
plans: { few: { quotas: [{ requests: ${QUOTA}, per: month }] } }
defaultPlan: few
consumers: { a: { apiKeys: [{ value: a }] }, b: { apiKeys: [{ value: b }] }, c: { apiKeys: [{ value: c }] } }
routes: [{ name: r, redirect: { to: /there }, auth: { apiKey: {} } }]
`,
      { file: 'gateway.yaml', baseDir: folder, env: {} },
    );
    assert.ok(loaded.ok);
    const modelJson = JSON.stringify(loaded.model);
    const segmentFd = createSegment(modelJson);
    const opened = openQuotas(modelJson);
    assert.ok(opened);
    worker = openWorker({ segmentFd, index: 0, modelJson, quotasFd: opened.fd });
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The status of a request; 302 is one that was let in. */
  const ask = (key: string): number => {
    worker.begin(`GET / HTTP/1.1\r\nHost: gw.test\r\nx-api-key: ${key}\r\n\r\n`, PEER);
    return worker.reply[2] ?? 0;
  };
  const asks = (key: string, count: number): number =>
    Array.from({ length: count }, () => ask(key)).filter((status) => status === 302).length;
  const admittedOf = (name: string) =>
    readQuotas(path).find(({ consumer }) => consumer === name)?.admitted;
  const pendingOf = (consumer: string) => {
    const key = readQuotas(path).find((counter) => counter.consumer === consumer)?.key;
    return quotaPending(100).find((entry) => entry.key === key);
  };

  it('tells what was admitted until it is acknowledged, and a window of the calendar', () => {
    assert.deepEqual(quotaPending(100), []);
    assert.equal(asks('a', 3), 3);
    const [first] = quotaPending(100);
    assert.ok(first);
    assert.match(first.key, /^[0-9a-f]{32}$/);
    assert.equal(first.amount, 3);
    const now = new Date();
    const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
    assert.equal(first.windowStartMs, Date.UTC(year, month));
    assert.equal(first.windowEndMs, Date.UTC(year, month + 1));
    assert.deepEqual(quotaPending(100), [first], 'asking takes nothing');
    asks('a', 1);
    quotaAcknowledge([first]);
    assert.equal(pendingOf('a')?.amount, 1, 'what came meanwhile');
    assert.ok(quotaTotal(first.key, first.windowStartMs, 3), 'nobody else');
    assert.equal(asks('a', QUOTA), QUOTA - 4);
  });

  it('adds what others have used, its own share taken off', () => {
    asks('b', 2);
    const entry = pendingOf('b');
    assert.ok(entry);
    quotaAcknowledge([entry]);
    // The sum of all gateways: 2 here, 5 elsewhere.
    assert.ok(quotaTotal(entry.key, entry.windowStartMs, 7));
    const counter = readQuotas(path).find(({ consumer }) => consumer === 'b');
    assert.deepEqual([counter?.used, counter?.admitted], [7, 2]);
    assert.equal(asks('b', QUOTA), QUOTA - 7);
    assert.equal(quotaTotal(entry.key, entry.windowStartMs - 60_000, 1), false, 'another window');
    assert.equal(quotaTotal('0'.repeat(32), entry.windowStartMs, 1), false, 'nobody’s');
    assert.equal(quotaTotal('nonsense', entry.windowStartMs, 1), false);
  });

  it('gives as many entries as are wanted, and the others next', () => {
    const keys = new Set<string>();
    for (let round = 0; round < 2; round += 1) {
      const entries = quotaPending(1);
      assert.equal(entries.length, 1);
      for (const entry of entries) keys.add(entry.key);
    }
    assert.equal(keys.size, 2);
    assert.equal(quotaPending(0).length, 0);
  });

  it('denies, allows or counts here while the store is gone', () => {
    assert.equal(ask('a'), 429);
    quotaMode('deny');
    assert.equal(ask('a'), 503);
    assert.equal(ask('c'), 503);
    assert.equal(admittedOf('a'), QUOTA);
    quotaMode('allow');
    assert.equal(asks('a', 3), 3);
    assert.equal(admittedOf('a'), QUOTA + 3, 'all are counted');
    quotaMode('local');
    assert.equal(ask('a'), 429);
    assert.equal(ask('c'), 302);
  });

  it('is refused where there is nothing to read', () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'something else');
    assert.throws(() => readQuotas(other), /is no file of quotas/);
  });
});
