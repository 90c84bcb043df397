import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { isAlive } from '../host/processes.ts';
import { until } from '../host/wait.ts';
import { type ChildEnd, runChild } from './child.ts';
import { systemClock } from './clock.ts';

describe('a command as a process', () => {
  let folder: string;
  let logFile: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arena-child-'));
    logFile = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (script: string, log = logFile): Promise<ChildEnd> =>
    runChild({
      words: ['sh', '-c', script],
      logFile: log,
      timeoutMs: 60_000,
      graceMs: 60_000,
      clock: systemClock,
      signal: new AbortController().signal,
    });

  it('tells how it ended, and what it said last on standard error', async () => {
    const { ended, exitCode, text } = await run('echo table; echo why >&2; exit 3');
    assert.deepEqual(
      { ended, exitCode, text },
      { ended: 'by-itself', exitCode: 3, text: 'exit code 3: why' },
    );
    assert.deepEqual(readFileSync(logFile, 'utf8').split('\n').toSorted(), ['', 'table', 'why']);
    assert.equal((await run('kill -9 $$')).text, 'signal SIGKILL');
  });

  it('takes with it what it leaves running', async () => {
    await run(`sleep 60 >/dev/null 2>&1 & echo $! > ${folder}/pid`);
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await until('it is gone', () => !isAlive(pid));
  });

  it('ends also when somebody who left its group keeps its pipes open', async () => {
    await run(
      `setsid sh -c 'echo $$ > ${folder}/pid; exec sleep 60' & until [ -s ${folder}/pid ]; do :; done`,
    );
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    assert.ok(isAlive(pid));
    process.kill(pid, 'SIGKILL');
  });

  it('keeps no more than 4 MiB of what it says, and lets it say more', async () => {
    const { exitCode } = await run('head -c 6000000 /dev/zero');
    assert.equal(exitCode, 0);
    assert.equal(statSync(logFile).size, 4 << 20);
  });

  it('runs without its log where that can’t be written', async () => {
    assert.equal((await run('echo table', join(folder, 'nowhere/log'))).exitCode, 0);
  });
});
