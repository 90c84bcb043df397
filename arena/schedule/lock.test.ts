import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { acquireLock, LEASE_MS, LOCK_FOLDER, type Lock } from './lock.ts';
import { identityOf, type ProcessIdentity } from './process-identity.ts';

/** Says `ready`, waits for a line, tries, says `won` or who has it, and stays until it is killed. */
const CONTENDER = `
  const { acquireLock } = await import(process.argv[1]);
  console.log('ready');
  process.stdin.once('data', () => {
    const acquired = acquireLock(process.argv[2]);
    console.log(acquired.ok ? 'won' : acquired.holder);
  });`;

describe('the lock of a folder', () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arena-lock-'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const contend = (): { child: ChildProcess; lines: AsyncIterator<string> } => {
    const lock = new URL('lock.js', import.meta.url).href;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', CONTENDER, lock, folder],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    children.push(child);
    return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
  };

  const taken = (): Lock => {
    const acquired = acquireLock(folder);
    assert.ok(acquired.ok);
    return acquired.lock;
  };

  const leave = (number: number, claim: object, ageMs = 0): void => {
    mkdirSync(join(folder, LOCK_FOLDER), { recursive: true });
    const file = join(folder, LOCK_FOLDER, String(number));
    writeFileSync(file, JSON.stringify(claim));
    const time = new Date(Date.now() - ageMs);
    utimesSync(file, time, time);
  };

  const self = identityOf(process.pid)!;
  const claimBy = (changes: Partial<ProcessIdentity>): object => ({
    holder: { ...self, ...changes },
    at: '2026-11-21T20:30:00.000Z',
    released: false,
  });

  it('is refused while somebody has it, with who that is', () => {
    const lock = taken();
    const second = acquireLock(folder);
    assert.ok(!second.ok);
    assert.match(second.holder, new RegExp(`^process ${process.pid}, since `));
    lock.release();
    assert.ok(acquireLock(folder).ok);
  });

  it('keeps its folder small, however often it is taken', () => {
    for (let i = 0; i < 50; i += 1) taken().release();
    assert.equal(readdirSync(join(folder, LOCK_FOLDER)).length, 1);
  });

  it('is taken over from a process that was killed', async () => {
    const { child, lines } = contend();
    await lines.next();
    child.stdin!.write('go\n');
    assert.equal((await lines.next()).value, 'won');
    assert.equal(acquireLock(folder).ok, false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const acquired = acquireLock(folder);
    assert.ok(acquired.ok && acquired.tookOver);
  });

  it('is taken over when the number has been given to another process', () => {
    leave(3, claimBy({ startTicks: self.startTicks - 1 }));
    assert.ok(acquireLock(folder).ok);
  });

  for (const [who, changes] of [
    ['another boot or machine', { bootId: 'another' }],
    ['another container', { pidNamespace: 'pid:[1]' }],
  ] as const) {
    it(`is left to a holder of ${who} until it has not renewed it for long`, () => {
      leave(3, claimBy(changes), LEASE_MS / 2);
      const refused = acquireLock(folder);
      assert.ok(!refused.ok);
      assert.match(refused.holder, /of another machine, boot or container/);
      leave(3, claimBy(changes), LEASE_MS * 2);
      assert.ok(acquireLock(folder).ok);
    });
  }

  it('is not believed for ever when nobody can read it', () => {
    leave(3, { not: 'a claim' });
    assert.equal(acquireLock(folder).ok, false);
    leave(3, { not: 'a claim' }, LEASE_MS * 2);
    assert.ok(acquireLock(folder).ok);
  });

  it('tells a holder that it has lost it, and takes nothing from the winner', () => {
    const lock = taken();
    assert.equal(lock.renew(), true);
    leave(99, claimBy({}));
    assert.equal(lock.renew(), false);
    lock.release();
    assert.equal(acquireLock(folder).ok, false);
  });

  it('stays fresh by being renewed', () => {
    const lock = taken();
    const [number = ''] = readdirSync(join(folder, LOCK_FOLDER));
    leave(Number(number), claimBy({ bootId: 'another' }), LEASE_MS * 2);
    lock.renew();
    assert.equal(acquireLock(folder).ok, false);
  });

  it('is not won by adding a number that others have used and removed meanwhile', () => {
    leave(3, claimBy({ startTicks: self.startTicks - 1 }));
    let looks = 0;
    const acquired = acquireLock(folder, () => {
      looks += 1;
      if (looks === 2) {
        leave(5, claimBy({}));
        rmSync(join(folder, LOCK_FOLDER, '3'));
      }
      return new Date();
    });
    assert.equal(acquired.ok, false);
    assert.deepEqual(readdirSync(join(folder, LOCK_FOLDER)), ['5']);
  });

  it('goes to exactly one of several processes that try to take over at once', async () => {
    for (let round = 0; round < 4; round += 1) {
      leave(1000 * round + 7, claimBy({ startTicks: self.startTicks - 1 }));
      const contenders = Array.from({ length: 6 }, contend);
      await Promise.all(contenders.map(({ lines }) => lines.next()));
      for (const { child } of contenders) child.stdin!.write('go\n');
      const said = await Promise.all(contenders.map(({ lines }) => lines.next()));
      assert.equal(said.filter(({ value }) => value === 'won').length, 1, JSON.stringify(said));
      const exits = contenders.map(async ({ child }) => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
      await Promise.all(exits);
    }
  });
});
