import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';

import { endRecord, runRecord, writeRun } from '../schedule/run-record.fixture.ts';
import { freshStatus, writeStatus } from '../schedule/status.ts';
import { type ArenaServer, openArenaServer } from './server.ts';

const AT = '2026-11-21T20:00:00Z';
const SECRET = 'a secret beside the folder';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

describe('the server', () => {
  let outside: string;
  let folder: string;
  let server: ArenaServer;
  let errors: unknown[];
  let metricsCalls: string[];
  beforeEach(async () => {
    outside = mkdtempSync(join(tmpdir(), 'arena-serve-'));
    folder = join(outside, 'results');
    mkdirSync(folder);
    writeFileSync(join(outside, 'results.jsonl'), SECRET);
    writeFileSync(join(outside, 'report.html'), SECRET);
    errors = [];
    metricsCalls = [];
    server = await openArenaServer({
      host: '127.0.0.1',
      port: 0,
      folder,
      metricsOf: (file) => {
        metricsCalls.push(file);
        return 'gateway_arena_score{gateway="stoa"} 90\n';
      },
      onError: (error) => void errors.push(error),
    });
  });
  afterEach(async () => {
    await server.close();
    rmSync(outside, { recursive: true });
  });

  /** Sends the path as it is, which `fetch` would not. */
  const ask = (
    path: string,
    options: { method?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { port } = server;
      const call = request(
        { host: '127.0.0.1', port, path, agent: false, ...options },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.once('end', () => {
            const { statusCode: status = 0, headers } = response;
            resolve({ status, headers, body: Buffer.concat(pieces) });
          });
          response.once('error', reject);
        },
      );
      call.once('error', reject);
      call.end();
    });
  const writeReported = (name: string, at: string, page: string, complete = true): string => {
    const run = writeRun(folder, name, runRecord(name, at), endRecord(at, complete, 'crashed'));
    writeFileSync(join(run, 'report.html'), page);
    return run;
  };

  it('leads from / to the newest report, by when its run began', async () => {
    writeReported('b-older', '2026-11-20T20:00:00Z', 'older');
    writeReported('a-newer', AT, 'newer');
    writeRun(folder, 'c-newest-unreported', runRecord('c', '2026-11-21T21:00:00Z'));
    const answer = await ask('/');
    assert.deepEqual([answer.status, answer.headers['location']], [302, '/runs/a-newer/']);
    assert.equal((await ask('/history')).headers['location'], '/runs/a-newer/#section-history');
    assert.equal((await ask('/runs/a-newer/')).body.toString(), 'newer');
    assert.equal((await ask('/runs/a-newer')).headers['location'], '/runs/a-newer/');
  });

  it('shows a report with a policy for its own scripts, and nothing to guess', async () => {
    writeReported('a', AT, '<script>let charts;</script>');
    const { headers } = await ask('/runs/a/');
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.match(
      String(headers['content-security-policy']),
      /script-src 'sha256-[^']+'; style-src/,
    );
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });

  it('gives results as they are', async () => {
    const run = writeReported('a', AT, 'page');
    const { status, headers, body } = await ask('/runs/a/results.jsonl');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/jsonl; charset=utf-8');
    assert.equal(JSON.parse(body.toString().split('\n')[0] ?? '').id, 'a');
    writeFileSync(join(run, 'results.jsonl'), '');
    assert.equal((await ask('/runs/a/results.jsonl')).body.length, 0);
  });

  it('lists runs, how they ended, and escapes what they say', async () => {
    writeReported('good', AT, 'page');
    const bad = runRecord('bad', AT);
    bad.machine.cpu = '<script>alert(1)</script>';
    writeRun(folder, 'bad', bad, endRecord(AT, false, 'no "target" is ready'));
    writeRun(folder, 'killed', runRecord('killed', AT));
    const { body, headers } = await ask('/runs');
    const page = body.toString();
    assert.match(page, /href="\/runs\/good\/"/);
    assert.ok(!page.includes('href="/runs/bad/"'));
    assert.match(page, /not complete: no &quot;target&quot; is ready/);
    assert.match(page, /not ended/);
    assert.ok(!page.includes('<script'));
    assert.match(page, /name="viewport"/);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /script-src 'none'; style-src 'sha256-[^']+';/);
  });

  it('says so when there is no run yet', async () => {
    assert.match((await ask('/runs')).body.toString(), /No run yet/);
    assert.equal((await ask('/')).status, 404);
    assert.equal((await ask('/status')).status, 404);
    assert.deepEqual([(await ask('/metrics')).status, metricsCalls], [200, []]);
  });

  it('tells what the schedule is doing', async () => {
    const now = new Date(AT);
    const skipped = { at: AT, reason: 'busy' as const, why: 'others use 1.00 cores' };
    writeStatus(folder, { ...freshStatus(now), next: '2026-11-21T20:30:00Z', skipped });
    const { headers, body } = await ask('/status');
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(body.toString()).skipped, skipped);
    const page = (await ask('/runs')).body.toString();
    assert.match(
      page,
      /Next round: 2026-11-21 20:30 UTC\. Last skipped: .* others use 1\.00 cores/,
    );
    assert.equal((await ask('/health/live')).body.toString(), '{"status":"live"}\n');
  });

  it('gives the metrics of the last complete run, made once, and those of the schedule', async () => {
    writeReported('complete', '2026-11-20T20:00:00Z', 'page');
    writeReported('failed', AT, 'page', false);
    writeStatus(folder, freshStatus(new Date(AT)));
    const { body, headers } = await ask('/metrics');
    assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
    assert.match(body.toString(), /^gateway_arena_score\{gateway="stoa"\} 90$/m);
    assert.match(body.toString(), /^gateway_arena_schedule_rounds_total\{outcome="skipped"\} 0$/m);
    assert.ok(!body.includes('last_complete'));
    await ask('/metrics');
    assert.deepEqual(metricsCalls, [join(folder, 'runs/complete/results.jsonl')]);
  });

  for (const path of ['/runs/a/', '/runs/a/results.jsonl', '/runs', '/status', '/metrics']) {
    it(`answers 304 for ${path} as long as it is the same, and only then`, async () => {
      const run = writeReported('a', AT, 'page');
      writeStatus(folder, freshStatus(new Date(AT)));
      const { headers } = await ask(path);
      const known = { headers: { 'if-none-match': `"other", ${String(headers['etag'])}` } };
      const again = await ask(path, known);
      assert.deepEqual([again.status, again.body.length], [304, 0]);
      assert.equal(again.headers['etag'], headers['etag']);
      writeStatus(folder, { ...freshStatus(new Date(AT)), cron: '@daily', state: 'stopped' });
      writeFileSync(join(run, 'report.html'), 'another page');
      writeRun(folder, 'a', runRecord('a', AT), endRecord(AT, true, 'longer than before'));
      writeRun(folder, 'b', runRecord('b', '2026-11-21T21:00:00Z'));
      const counts = { complete: 7, failed: 0, skipped: 0 };
      writeStatus(folder, { ...freshStatus(new Date(AT)), counts });
      assert.equal((await ask(path, known)).status, 200);
    });
  }

  it('compresses for those who accept it, and answers the same', async () => {
    const page = '<p>a report</p>'.repeat(1000);
    writeReported('a', AT, page);
    const offers = ['gzip', 'br, gzip;q=0.5', 'deflate, GZIP'];
    for (const offer of offers) {
      const { headers, body } = await ask('/runs/a/', { headers: { 'accept-encoding': offer } });
      assert.equal(headers['content-encoding'], 'gzip', offer);
      assert.equal(gunzipSync(body).toString(), page);
    }
    for (const offer of ['', 'br', 'gzip;q=0', 'gzip; q=0.000', 'identity']) {
      const { headers, body } = await ask('/runs/a/', { headers: { 'accept-encoding': offer } });
      assert.equal(headers['content-encoding'], undefined, offer);
      assert.equal(body.toString(), page);
    }
  });

  it('answers HEAD with the same fields and no body', async () => {
    writeReported('a', AT, 'page');
    for (const path of ['/', '/runs', '/runs/a/', '/runs/a/results.jsonl', '/none', '/metrics']) {
      const get = await ask(path);
      const head = await ask(path, { method: 'HEAD' });
      assert.equal(head.status, get.status, path);
      assert.equal(head.headers['content-length'], get.headers['content-length'], path);
      assert.equal(head.body.length, 0);
    }
  });

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    it(`refuses ${method} with a problem`, async () => {
      const { status, headers, body } = await ask('/runs', { method });
      assert.equal(status, 405);
      assert.equal(headers['allow'], 'GET, HEAD');
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.equal(JSON.parse(body.toString()).code, 'method_not_allowed');
    });
  }

  it('answers a problem that says what there is, for an unknown address', async () => {
    const { status, headers, body } = await ask('/nothing');
    assert.equal(status, 404);
    assert.equal(headers['content-type'], 'application/problem+json');
    const problem = JSON.parse(body.toString());
    assert.equal(problem.type, 'urn:stoa-arena:problem:page_not_found');
    assert.match(problem.detail, /\/runs\/ID\//);
  });

  it('follows no links, and shows nothing but plain files', async () => {
    const foreign = join(outside, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'results.jsonl'), SECRET);
    writeFileSync(join(foreign, 'report.html'), SECRET);
    mkdirSync(join(folder, 'runs'));
    symlinkSync(foreign, join(folder, 'runs/link'));
    mkdirSync(join(folder, 'runs/inside/report.html'), { recursive: true });
    symlinkSync(join(foreign, 'results.jsonl'), join(folder, 'runs/inside/results.jsonl'));
    for (const path of ['link/', 'link/results.jsonl', 'inside/', 'inside/results.jsonl']) {
      assert.equal((await ask(`/runs/${path}`)).status, 404, path);
    }
    assert.match((await ask('/runs')).body.toString(), /No run yet/);
  });

  it('never shows what is outside of the runs, whatever is asked for', async () => {
    writeReported('a', AT, 'page');
    const piece = fc.constantFrom('..', '.', '%2e%2e', '%2f', '/', '//', 'a', 'runs', '\\', '%5c');
    const path = fc
      .tuple(
        fc.array(piece, { maxLength: 10 }),
        fc.constantFrom('', 'results.jsonl', 'report.html'),
      )
      .map(([pieces, end]) => `/${pieces.join('')}${end}`);
    await fc.assert(
      fc.asyncProperty(path, async (target) => {
        const { body } = await ask(target);
        assert.ok(!body.includes(SECRET), target);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a file that is too large', async () => {
    const run = writeReported('a', AT, 'page');
    truncateSync(join(run, 'report.html'), (32 << 20) + 1);
    const { status, body } = await ask('/runs/a/');
    assert.deepEqual([status, JSON.parse(body.toString()).code], [500, 'file_too_large']);
  });

  it('answers 500 without the reason when something breaks, and logs it', async () => {
    writeFileSync(join(folder, 'runs'), 'a file where a folder is expected');
    const { status, body } = await ask('/runs');
    assert.equal(status, 500);
    assert.ok(!body.toString().includes(folder));
    assert.equal(errors.length, 1);
  });

  it('drops more than 64 connections', async () => {
    const sockets = Array.from({ length: 70 }, () => connect(server.port, '127.0.0.1'));
    const dropped = await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<boolean>((resolve) => {
            socket.on('error', () => {}).on('close', () => resolve(true));
            setTimeout(() => resolve(false), 500).unref();
          }),
      ),
    );
    for (const socket of sockets) socket.destroy();
    assert.ok(dropped.filter(Boolean).length >= 6);
  });

  it('writes answers to their end when it is stopped, then frees the port', async () => {
    const page = '<p>a large report</p>'.repeat(400_000);
    writeReported('a', AT, page);
    const { port } = server;
    let stopped: Promise<void> | undefined;
    const length = await new Promise<number>((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port, path: '/runs/a/' }, (response) => {
        stopped = server.close();
        let bytes = 0;
        response.on('data', (piece: Buffer) => {
          bytes += piece.length;
        });
        response.once('end', () => resolve(bytes));
        response.once('error', reject);
      });
      call.once('error', reject);
      call.end();
    });
    assert.equal(length, page.length);
    await stopped;
    await assert.rejects(ask('/health/live'), { code: 'ECONNREFUSED' });
    server = await openArenaServer({
      host: '127.0.0.1',
      port,
      folder,
      metricsOf: () => '',
      onError: () => {},
    });
  });
});
