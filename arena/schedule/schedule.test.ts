import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { isAlive } from '../host/processes.ts';
import { until } from '../host/wait.ts';
import { acquireLock, LOCK_FOLDER, RENEW_MS } from './lock.ts';
import { identityOf } from './process-identity.ts';
import { ROUND_LIMITS } from './round.ts';
import { runRecord, writeRun } from './run-record.fixture.ts';
import { runOnce, runSchedule, type SchedulePlan } from './schedule.ts';
import { freshStatus, readStatus, type ScheduleStatus, writeStatus } from './status.ts';

const STAND_IN = join(import.meta.dirname, 'stand-in.fixture.js');
const BEGIN_MS = Date.parse('2026-11-21T20:40:00Z');

/** A clock that is moved by hand; a sleep ends when it has been moved far enough. */
class HandClock {
  #nowMs = BEGIN_MS;
  readonly #sleepers = new Set<{ untilMs: number; wake: () => void }>();

  now(): Date {
    return new Date(this.#nowMs);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#sleepers.add({ untilMs: this.#nowMs + ms, wake });
      signal.addEventListener('abort', wake);
    });
  }

  /** In steps, as sleeps are cut into naps; what wakes up gets to run between them. */
  async forward(ms: number, stepMs = 30_000): Promise<void> {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; ) {
      this.#nowMs = Math.min(endMs, this.#nowMs + stepMs);
      for (const sleeper of this.#sleepers) {
        if (sleeper.untilMs > this.#nowMs) continue;
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
      await new Promise(setImmediate);
    }
  }
}

describe('the schedule', () => {
  let folder: string;
  let planFile: string;
  let clock: HandClock;
  let stop: AbortController;
  let events: string[];
  let coresBusy: number;
  let freeBytes: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arena-schedule-'));
    planFile = join(folder, 'plan');
    clock = new HandClock();
    stop = new AbortController();
    events = [];
    coresBusy = 0.1;
    freeBytes = 2 ** 40;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const planned = (word: string, changes: Partial<SchedulePlan> = {}): SchedulePlan => {
    writeFileSync(planFile, word);
    return {
      program: [process.execPath, STAND_IN],
      planFile,
      folder,
      settings: { cron: '*/30 * * * *', retentionDays: 90, busyLoadMax: 0.5 },
      limits: ROUND_LIMITS,
      clock,
      log: (_, event, fields) => events.push(`${event} ${JSON.stringify(fields ?? {})}`),
      coresBusy: async () => coresBusy,
      freeBytes: async () => freeBytes,
      random: () => 0.5,
      ...changes,
    };
  };
  const once = (word: string, changes: Partial<SchedulePlan> = {}): ReturnType<typeof runOnce> =>
    runOnce(planned(word, changes), stop.signal);
  const runs = (): string[] =>
    existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')).toSorted() : [];
  const inRun = (file: string): string => join(folder, 'runs', runs().at(-1) ?? 'none', file);
  const recordsOf = (): { kind: string }[] =>
    readFileSync(inRun('results.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string });
  const status = async (): Promise<ScheduleStatus> => {
    const found = await readStatus(folder);
    assert.ok(found !== null);
    return found;
  };
  /** Resolves when so many rounds have ended. */
  const ended = (count: number): Promise<unknown> =>
    until(`${count} rounds`, async () => {
      const counts = (await readStatus(folder))?.counts;
      return counts !== undefined && counts.complete + counts.failed >= count;
    });
  const ready = (): Promise<unknown> => until('a run', () => existsSync(inRun('ready')));

  const skipped = (reason: string, why: RegExp): void => {
    assert.deepEqual(runs(), []);
    const lines = events.filter((event) => event.startsWith('round_skipped'));
    assert.equal(lines.length, 1, events.join('\n'));
    assert.match(lines[0] ?? '', new RegExp(`"reason":"${reason}"`));
    assert.match(lines[0] ?? '', why);
  };

  describe('one round', () => {
    it('leaves results, their report, a log and a status', async () => {
      assert.deepEqual(await once('complete'), { ok: true });
      assert.deepEqual(runs(), ['20261121t204000.000z']);
      assert.deepEqual(
        recordsOf().map(({ kind }) => kind),
        ['run', 'end'],
      );
      assert.match(
        readFileSync(inRun('report.html'), 'utf8'),
        /20261121t204000.000z\/results\.jsonl$/,
      );
      assert.match(readFileSync(inRun('run.log'), 'utf8'), /measuring complete/);
      const { last, lastComplete, counts, running, cron, state } = await status();
      assert.equal(last?.outcome, 'complete');
      assert.deepEqual(last, lastComplete);
      assert.deepEqual({ running, cron, state }, { running: null, cron: null, state: 'waiting' });
      assert.deepEqual(counts, { complete: 1, failed: 0, skipped: 0 });
    });

    it('that crashes leaves what it measured, with a report, and says how it ended', async () => {
      const end = await once('crash');
      assert.equal(end.ok, false);
      const { last, lastComplete } = await status();
      assert.equal(last?.outcome, 'failed');
      assert.match(last.why, /exit code 1: [^]*out of memory/);
      assert.equal(last.reported, true);
      assert.equal(lastComplete, null);
      assert.deepEqual(
        recordsOf().map(({ kind }) => kind),
        ['run'],
      );
    });

    it('with no results has no report', async () => {
      await once('nothing');
      assert.equal(existsSync(inRun('report.html')), false);
      assert.match((await status()).last?.why ?? '', /no target is ready/);
    });

    it('is complete without its report, which is told', async () => {
      await once('bad-report');
      const { last } = await status();
      assert.deepEqual([last?.outcome, last?.reported], ['complete', false]);
      assert.ok(events.some((event) => event.startsWith('report_failed')));
    });

    it('has earlier runs in its report, unless they can’t be read', async () => {
      const record = runRecord('earlier', '2026-11-20T20:40:00Z');
      writeRun(folder, 'earlier', record);
      await once('complete');
      const results = /runs\/earlier\/results\.jsonl .*z\/results\.jsonl$/;
      assert.match(
        readFileSync(join(folder, 'runs/20261121t204000.000z/report.html'), 'utf8'),
        results,
      );
      writeRun(folder, 'earlier', { ...record, plan: { ...record.plan, name: 'bad-report' } });
      await clock.forward(60_000);
      await once('complete');
      const last = readFileSync(join(folder, 'runs/20261121t204100.000z/report.html'), 'utf8');
      assert.match(last, /<p>[^ ]*t204100\.000z\/results\.jsonl$/);
      assert.equal((await status()).last?.reported, true);
    });

    it('is a failure when the program is missing', async () => {
      const end = await once('complete', { program: ['/nowhere/stoa-arena'] });
      assert.equal(end.ok, false);
      assert.match((await status()).last?.why ?? '', /ENOENT/);
    });

    it('that takes too long is asked to end, and keeps what it measured', async () => {
      const going = once('wait');
      await ready();
      await clock.forward(ROUND_LIMITS.runTimeoutMs);
      await going;
      assert.equal((await status()).last?.outcome, 'timed-out');
      assert.deepEqual(recordsOf().at(-1), {
        kind: 'end',
        at: (recordsOf().at(-1) as { at?: string }).at,
        complete: false,
        why: 'SIGTERM',
      });
    });

    it('that does not end when asked is killed, with what it started', async () => {
      const going = once('stubborn');
      await ready();
      const child = Number(readFileSync(inRun('child.pid'), 'utf8'));
      stop.abort();
      await clock.forward(ROUND_LIMITS.graceMs);
      assert.deepEqual(await going, { ok: true });
      assert.equal((await status()).last?.outcome, 'stopped');
      await until('its child is gone', () => !isAlive(child));
      assert.equal(existsSync(inRun('report.html')), true);
    });

    it('deletes old runs first', async () => {
      writeRun(folder, 'old', runRecord('old', '2026-01-01T00:00:00Z'));
      writeRun(folder, 'recent', runRecord('recent', '2026-11-01T00:00:00Z'));
      await once('complete');
      assert.deepEqual(runs(), ['20261121t204000.000z', 'recent']);
    });
  });

  describe('skips a round, saying why, when', () => {
    it('others use more of the machine than busyLoadMax', async () => {
      coresBusy = 0.51;
      assert.deepEqual(await once('complete'), { ok: true });
      skipped('busy', /others use 0\.51 cores, more than busyLoadMax 0\.5/);
      assert.equal((await status()).skipped?.reason, 'busy');
    });

    it('the disk is nearly full', async () => {
      freeBytes = 2 ** 30 - 1;
      await once('complete');
      skipped('disk-full', /1023 MiB free in .*, 1024 MiB are needed: make room/);
    });

    it('another schedule has the folder', async () => {
      assert.ok(acquireLock(folder).ok);
      assert.deepEqual(await once('complete'), { ok: true });
      skipped('locked', new RegExp(`is held by process ${process.pid}, since`));
    });

    it('a run is left of a schedule that was killed', async () => {
      const orphan = spawn('sleep', ['60'], { stdio: 'ignore' });
      const identity = identityOf(orphan.pid ?? 0)!;
      const at = clock.now().toISOString();
      const running = { run: 'left', at, process: identity };
      writeStatus(folder, { ...freshStatus(clock.now()), state: 'running', running });
      await once('complete');
      skipped('still-running', new RegExp(`process ${orphan.pid} of run left still runs`));
      assert.equal((await status()).running?.run, 'left');
      orphan.kill('SIGKILL');
      await until('it is gone', () => !isAlive(identity.pid));
      assert.deepEqual(await once('complete'), { ok: true });
      assert.equal((await status()).last?.outcome, 'complete');
    });
  });

  describe('over time', () => {
    it('runs a round at each due time, and says when the next is', async () => {
      const going = runSchedule(planned('complete'), stop.signal);
      await until('it waits', async () => (await readStatus(folder))?.next);
      assert.equal((await status()).next, '2026-11-21T21:00:00.000Z');
      await clock.forward(19 * 60_000);
      assert.deepEqual(runs(), []);
      await clock.forward(60_000);
      await ended(1);
      await clock.forward(30 * 60_000);
      await ended(2);
      assert.deepEqual(runs(), ['20261121t210000.000z', '20261121t213000.000z']);
      assert.equal((await status()).next, '2026-11-21T22:00:00.000Z');
      stop.abort();
      assert.deepEqual(await going, { ok: true });
      const { state, next } = await status();
      assert.deepEqual({ state, next }, { state: 'stopped', next: null });
    });

    it('survives a round that crashes', async () => {
      const going = runSchedule(planned('crash'), stop.signal);
      await until('it waits', async () => (await readStatus(folder))?.next);
      await clock.forward(20 * 60_000);
      await ended(1);
      planned('complete');
      await clock.forward(30 * 60_000);
      await ended(2);
      assert.deepEqual((await status()).counts, { complete: 1, failed: 1, skipped: 0 });
      stop.abort();
      await going;
    });

    it('begins later by its share of the jitter', async () => {
      const settings = { cron: '0 * * * *', retentionDays: 90, busyLoadMax: 0.5, jitterS: 600 };
      const going = runSchedule(planned('complete', { settings }), stop.signal);
      await until('it waits', async () => (await readStatus(folder))?.next);
      await clock.forward(24.5 * 60_000);
      assert.deepEqual(runs(), []);
      await clock.forward(60_000);
      await ended(1);
      assert.deepEqual(runs(), ['20261121t210500.000z']);
      stop.abort();
      await going;
    });

    it('leaves out what fell due while the machine was suspended', async () => {
      const going = runSchedule(planned('complete'), stop.signal);
      await until('it waits', async () => (await readStatus(folder))?.next);
      await clock.forward(5 * 3_600_000, 5 * 3_600_000);
      await ended(1);
      assert.deepEqual(runs(), ['20261122t014000.000z']);
      const { next, counts } = await status();
      assert.deepEqual([next, counts.skipped], ['2026-11-22T02:00:00.000Z', 0]);
      stop.abort();
      await going;
    });

    it('skips what falls due while the last round still runs; stopping ends that one', async () => {
      const limits = { ...ROUND_LIMITS, runTimeoutMs: 2 * 3_600_000 };
      const going = runSchedule(planned('wait', { limits }), stop.signal);
      await until('it waits', async () => (await readStatus(folder))?.next);
      await clock.forward(20 * 60_000);
      await ready();
      await clock.forward(60 * 60_000);
      await until('skips', async () => (await readStatus(folder))?.counts.skipped === 2);
      const now = await status();
      assert.deepEqual([now.skipped?.reason, now.state], ['still-running', 'running']);
      assert.equal(runs().length, 1);
      stop.abort();
      assert.deepEqual(await going, { ok: true });
      assert.equal((await status()).last?.outcome, 'stopped');
      assert.deepEqual(recordsOf().at(-1)?.kind, 'end');
      assert.equal(existsSync(inRun('report.html')), true);
    });

    it('ends its round, and writes no status, when another one has taken the lock', async () => {
      const going = runSchedule(planned('wait'), stop.signal);
      await until('it waits', async () => (await readStatus(folder))?.next);
      await clock.forward(20 * 60_000);
      await ready();
      writeFileSync(join(folder, LOCK_FOLDER, '99'), '{}');
      const theirs = { ...freshStatus(clock.now()), cron: 'theirs' };
      writeStatus(folder, theirs);
      await clock.forward(RENEW_MS);
      assert.deepEqual(await going, { ok: false, why: 'another schedule took the lock' });
      assert.equal(recordsOf().at(-1)?.kind, 'end');
      assert.deepEqual(await status(), theirs);
    });

    it('does not begin where another schedule is at work', async () => {
      assert.ok(acquireLock(folder).ok);
      const end = await runSchedule(planned('complete'), stop.signal);
      assert.ok(!end.ok);
      assert.match(end.why, /is held by process/);
    });
  });
});
