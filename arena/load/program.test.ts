import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { isAlive } from '../host/processes.ts';
import { type Program, startProgram } from './program.ts';

const CORES = '0-1';

function node(script: string): Program {
  return startProgram(CORES, process.execPath, ['-e', script]);
}

describe('a driver’s process', () => {
  test('gives its lines in order to who waits, whether they come before or after', async () => {
    const program = node(`
      console.log('first');
      process.stdin.on('data', (text) => console.log(JSON.parse(text).number));
    `);
    assert.equal(await program.line(), 'first');
    const waiting = [program.line(), program.line()];
    program.tell({ number: 1 });
    assert.equal(await waiting[0], '1');
    program.tell({ number: 2 });
    assert.equal(await waiting[1], '2');
    await program.stop();
  });

  test('that ends rejects who waits, then and later, with what it said', async () => {
    const program = node(`console.error('no such core'); process.exit(3);`);
    await assert.rejects(program.line(), /ended with 3: no such core/);
    await assert.rejects(program.line(), /ended with 3/);
    assert.equal(program.alive(), false);
    program.tell({ to: 'nobody' });
    await program.stop();
  });

  test('that can’t be started says so', async () => {
    const program = startProgram(CORES, '/none/such', []);
    await assert.rejects(program.line(), /\/none\/such/);
  });

  test('is gone when it was stopped, even one that does not want to', async () => {
    const program = node(`
      process.on('SIGTERM', () => {});
      console.log('ready');
      setInterval(() => {}, 1000);
    `);
    await program.line();
    await program.stop();
    assert.equal(isAlive(program.pid), false);
  });
});
