import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { isAlive, signal } from '../host/processes.ts';
import { until } from '../host/wait.ts';
import { readStatus } from './status.ts';

const STAND_IN = join(import.meta.dirname, 'stand-in.fixture.js');

interface Going {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly exit: Promise<unknown>;
}

describe('the command schedule', () => {
  let folder: string;
  const going: Going[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arena-command-'));
  });
  afterEach(async () => {
    for (const { child, exit } of going.splice(0)) {
      child.kill('SIGKILL');
      await exit;
    }
    const left = (await readStatus(folder))?.running;
    if (left) signal(left.process.pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const schedule = (word: string, ...more: readonly string[]): Going => {
    const plan = join(folder, 'plan');
    writeFileSync(plan, word);
    const words = [STAND_IN, 'schedule', '-f', plan, '-o', folder, '--disk-min', '0', ...more];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    const started = { child, said: () => text, exit: once(child, 'close') };
    going.push(started);
    return started;
  };
  const runs = (): string[] =>
    existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : [];
  const running = (): Promise<unknown> =>
    until(
      'a run',
      () => runs().some((run) => existsSync(join(folder, 'runs', run, 'ready'))),
      20_000,
    );

  it('runs one round with --once, and is done', async () => {
    const { child, exit, said } = schedule('complete', '--once');
    await exit;
    assert.equal(child.exitCode, 0, said());
    assert.equal((await readStatus(folder))?.last?.outcome, 'complete');
    assert.equal(existsSync(join(folder, 'runs', runs()[0] ?? '', 'report.html')), true);
  });

  it('ends with 1 when the one round failed', async () => {
    const { child, exit, said } = schedule('crash', '--once');
    await exit;
    assert.equal(child.exitCode, 1);
    assert.match(said(), /error: the round failed/);
  });

  it('ends on SIGTERM; what was measured is complete up to there, and reported', async () => {
    const { child, exit } = schedule('wait', '--once');
    await running();
    child.kill('SIGTERM');
    await exit;
    assert.equal(child.exitCode, 0);
    const run = join(folder, 'runs', runs()[0] ?? '');
    assert.match(readFileSync(join(run, 'results.jsonl'), 'utf8'), /"complete":false/);
    assert.equal(existsSync(join(run, 'report.html')), true);
  });

  it('never runs two rounds at once, also when the first schedule is killed', async () => {
    const first = schedule('wait', '--once');
    await running();
    const second = schedule('complete', '--once');
    await second.exit;
    assert.equal(second.child.exitCode, 0);
    assert.match(second.said(), /"reason":"locked".*is held by process/);

    first.child.kill('SIGKILL');
    await first.exit;
    const third = schedule('complete', '--once');
    await third.exit;
    assert.match(third.said(), /lock_taken_over/);
    assert.match(third.said(), /"reason":"still-running"/);
    assert.equal(runs().length, 1);

    const pid = (await readStatus(folder))?.running?.process.pid ?? 0;
    signal(pid, 'SIGKILL');
    await until('the run is gone', () => !isAlive(pid));
    const fourth = schedule('complete', '--once');
    await fourth.exit;
    assert.equal((await readStatus(folder))?.last?.outcome, 'complete');
    assert.equal(runs().length, 2);
  });

  it('waits for the next time without --once, until it is told to end', async () => {
    const { child, exit } = schedule('complete');
    const next = await until('a status', async () => (await readStatus(folder))?.next, 20_000);
    assert.match(next, /T\d\d:[03]0:00\.000Z$/);
    child.kill('SIGTERM');
    await exit;
    assert.equal(child.exitCode, 0);
    assert.equal((await readStatus(folder))?.state, 'stopped');
  });

  it('refuses a plan whose times make no sense', async () => {
    const { child, exit, said } = schedule('never');
    await exit;
    assert.equal(child.exitCode, 1);
    assert.match(said(), /plan: schedule\.cron: .*write five fields/);
  });
});
