/** Who is kept out of the target's cores, and that everybody gets them back. @module */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { allowedOf, coresOf } from '../host/placement.ts';
import { until } from '../host/wait.ts';
import { movable } from './shield.ts';

const SHIELD = join(import.meta.dirname, 'shield.js');
const PROCESSES = join(import.meta.dirname, '../host/processes.js');
const PLACEMENT = join(import.meta.dirname, '../host/placement.js');
const WITHIN_MS = 20_000;

describe('who has to move', () => {
  const placed = [
    { pid: 1, allowed: '0-1' },
    { pid: 2, allowed: '0' },
    { pid: 3, allowed: '1' },
    { pid: 4, allowed: '0-3' },
  ];

  it('is who may run on a cleared core and on another', () => {
    assert.deepEqual(movable(placed, '0'), [
      { ...placed[0], elsewhere: '1' },
      { ...placed[3], elsewhere: '1-3' },
    ]);
    assert.deepEqual(movable(placed, '0,1'), [{ ...placed[3], elsewhere: '2-3' }]);
  });

  it('is nobody where all cores are cleared', () => {
    assert.deepEqual(movable(placed, '0-3'), []);
  });
});

const tasksetHere = spawnSync('taskset', ['--version']).status === 0;
const skip = availableParallelism() > 1 && tasksetHere ? false : 'needs two cores and taskset';

describe('a shield', { skip }, () => {
  it('gives the core back when it is lifted, and leaves no process behind', async () => {
    const script = `import { shieldCores } from ${JSON.stringify(SHIELD)};
      import { childrenOf } from ${JSON.stringify(PROCESSES)};
      import { allowedOf } from ${JSON.stringify(PLACEMENT)};
      const allowed = () => allowedOf(${process.pid});
      const before = allowed();
      const { lift } = shieldCores(before.split(/[-,]/)[0]);
      const during = allowed();
      await lift();
      console.log(JSON.stringify([before, during, allowed(), childrenOf(process.pid)]));`;
    const maker = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(maker.stdout, 'data')) as [Buffer];
    const [before, during, afterwards, left] = JSON.parse(said.toString()) as unknown[];
    assert.notEqual(during, before);
    assert.equal(afterwards, before);
    assert.deepEqual(left, []);
  });

  it('gives the core to those, too, that were started meanwhile and inherited the others', async () => {
    const before = allowedOf(process.pid);
    const script = `import { shieldCores } from ${JSON.stringify(SHIELD)};
      console.log(shieldCores('${[...coresOf(before)][0]}').moved); setInterval(() => {}, 1000);`;
    const maker = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(maker.stdout, 'data');
    const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pid = sleeper.pid ?? assert.fail('no sleeper');
    try {
      assert.notEqual(allowedOf(pid), before);
      maker.kill('SIGKILL');
      await until('it may run there, too', () => allowedOf(pid) === before, WITHIN_MS);
    } finally {
      maker.kill('SIGKILL');
      sleeper.kill('SIGKILL');
    }
  });

  it('keeps a process off the core as long as its maker lives, and ends when that is killed', async () => {
    const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' });
    const pid = sleeper.pid ?? assert.fail('no sleeper');
    const before = allowedOf(pid);
    const [core] = coresOf(before);
    const script = `import { shieldCores } from ${JSON.stringify(SHIELD)};
      console.log(shieldCores('${core}').moved); setInterval(() => {}, 1000);`;
    const maker = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [said] = (await once(maker.stdout, 'data')) as [Buffer];
      assert.ok(Number(said.toString()) > 0);
      assert.equal(coresOf(allowedOf(pid)).has(core ?? -1), false);
      maker.kill('SIGKILL');
      await until('it may run there again', () => allowedOf(pid) === before, WITHIN_MS);
    } finally {
      maker.kill('SIGKILL');
      sleeper.kill('SIGKILL');
    }
  });
});
