import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { isAlive } from '../host/processes.ts';
import { until } from '../host/wait.ts';
import { outputTail } from './output-tail.ts';
import { memoryPeakOf, treeOf } from '../host/process-tree.ts';
import { run, start } from './processes.ts';

/** A shell with a child that has a child. */
const FAMILY = ['-c', 'sh -c "sleep 60 & echo there; wait" & wait'];

describe('a process that was started', () => {
  it('ends with all its descendants', async () => {
    const service = start('0', 'sh', FAMILY);
    await until('there', () => service.output().includes('there'));
    const tree = treeOf(service.pid);
    assert.ok(tree.length >= 3, tree.join());
    await service.stop();
    assert.deepEqual(tree.filter(isAlive), []);
    assert.equal(service.alive(), false);
  });

  it('that ignores SIGTERM is killed, and so are its descendants', async () => {
    const service = start('0', 'sh', ['-c', 'trap "" TERM; sleep 60 & echo there; wait; wait']);
    await until('there', () => service.output().includes('there'));
    const tree = treeOf(service.pid);
    await service.stop();
    assert.deepEqual(tree.filter(isAlive), []);
  });

  it('leaves no descendant behind when it has ended by itself', async () => {
    const service = start('0', 'sh', ['-c', 'sleep 60 & echo $!']);
    await until('it has ended', () => !service.alive());
    const orphan = Number(service.output());
    assert.ok(isAlive(orphan));
    await service.stop();
    await until('the orphan is gone', () => !isAlive(orphan));
  });

  it('runs where and with what it was told', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'arena-process-'));
    const service = start('0', 'sh', ['-c', 'echo "$ARENA_X in $PWD"; sleep 60'], {
      env: { ARENA_X: 'one' },
      folder,
    });
    await until('it has written', () => service.output().includes('\n'));
    assert.equal(service.output(), `one in ${folder}\n`);
    await service.stop();
    rmSync(folder, { recursive: true });
  });

  it('that is no command at all says so and is not alive', async () => {
    const service = start('0', '/no/such/command', []);
    await until('it has ended', () => !service.alive());
    assert.match(service.output(), /\/no\/such\/command/);
    await service.stop();
  });
});

describe('a process that runs to its end', () => {
  it('gives its output, or rejects with it', async () => {
    assert.equal(await run('0', 'echo', ['a']), 'a\n');
    await assert.rejects(run('0', 'sh', ['-c', 'echo no; exit 3']), /sh ended with 3: no/);
  });
});

describe('a process tree', () => {
  it('has had memory, and has none when it is gone', async () => {
    const busy = 'for (const end = Date.now() + 300; Date.now() < end; ); console.log("done");';
    const service = start('0', 'sh', [
      '-c',
      `"$0" -e '${busy}' & wait; sleep 60`,
      process.execPath,
    ]);
    await until('it was busy', () => service.output().includes('done'));
    const peak = memoryPeakOf(service.pid);
    assert.ok(peak > 100_000, `${peak}`);
    await service.stop();
    assert.equal(memoryPeakOf(service.pid), 0);
  });

  it('of this process has memory', () => {
    assert.ok(memoryPeakOf(process.pid) >= process.memoryUsage.rss() / 2);
  });
});

describe('the tail of an output', () => {
  it('keeps the newest, within its bound', () => {
    const tail = outputTail(10);
    for (const piece of ['abc', 'defgh', 'ijklm']) tail.add(piece);
    assert.equal(tail.text(), 'defghijklm');
  });
});
