/** The supervisor over real forked processes that follow a script. @module */

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Supervisor, type SupervisorOptions } from './supervisor.ts';

// biome-ignore format: a table is read by column.
const SCRIPTS = {
  obedient:  `on('start', ready); on('drain', () => process.exit(0));`,
  deaf:      `on('start', ready);`,
  crashing:  `process.exit(3);`,
  fleeting:  `on('start', () => { ready(); setTimeout(() => process.exit(3), 10); });`,
  unable:    `on('start', () => process.send({ type: 'failed', message: 'no socket' }, () => process.exit(1)));`,
  slow:      `on('drain', () => process.exit(0));`,
};

const PRELUDE = `
  const on = (type, then) => process.on('message', (message) => message.type === type && then(message));
  const ready = () => process.send({ type: 'ready' });
  process.on('disconnect', () => process.exit(1));
`;

const directory = mkdtempSync(join(tmpdir(), 'stoa-supervisor-'));
after(() => rmSync(directory, { recursive: true, force: true }));

interface Running {
  readonly supervisor: Supervisor;
  readonly exitCode: Promise<number>;
  readonly children: ChildProcess[];
  readonly events: { event: string; [field: string]: unknown }[];
}

function supervise(
  script: keyof typeof SCRIPTS,
  overrides: Partial<SupervisorOptions> = {},
): Running {
  const file = join(directory, `${script}.cjs`);
  writeFileSync(file, PRELUDE + SCRIPTS[script]);
  const children: ChildProcess[] = [];
  const events: Running['events'] = [];
  const supervisor = new Supervisor({
    workers: 1,
    modelJson: '{}',
    addresses: [],
    fork: () => {
      const child = fork(file, { execArgv: [] });
      children.push(child);
      return child;
    },
    heartbeatAgesMs: () => [],
    stallMs: 0,
    drainMs: 2000,
    log: (_level, event, fields) => void events.push({ event, ...fields }),
    ...overrides,
  });
  return { supervisor, exitCode: supervisor.run(), children, events };
}

async function until(what: string, condition: () => boolean, withinMs = 5000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `${what} within ${withinMs} ms`);
    await sleep(5);
  }
}

function named(running: Running, event: string): Running['events'] {
  return running.events.filter((line) => line.event === event);
}

describe('supervisor', () => {
  it('is ready when every worker is, once', async () => {
    let announced = 0;
    const running = supervise('obedient', { workers: 3, onReady: () => (announced += 1) });
    assert.deepEqual(running.supervisor.readiness, { wanted: 3, ready: 0, draining: false });
    await until('three workers are ready', () => running.supervisor.readiness.ready === 3);

    running.children[0]?.kill('SIGKILL');
    await until('a replacement', () => running.children.length === 4);
    await until('three again', () => running.supervisor.readiness.ready === 3);
    assert.equal(announced, 1);

    running.supervisor.drain();
    assert.equal(await running.exitCode, 0);
  });

  it('replaces a killed worker within a second, the others untouched', async () => {
    const running = supervise('obedient', { workers: 2 });
    await until('both are ready', () => running.supervisor.readiness.ready === 2);
    running.children[0]?.kill('SIGKILL');
    await until('it is noticed', () => running.supervisor.readiness.ready === 1, 1000);
    await until('it is replaced', () => running.supervisor.readiness.ready === 2, 1000);
    assert.equal(running.supervisor.restarts, 1);
    assert.equal(running.children[1]?.exitCode, null);
    assert.equal(named(running, 'worker_died')[0]?.['reason'], 'SIGKILL');

    running.supervisor.drain();
    assert.equal(await running.exitCode, 0);
  });

  it('slows down a crash loop and goes on', async () => {
    const running = supervise('fleeting');
    await sleep(1500);
    const forks = running.children.length;
    assert.ok(forks >= 3 && forks <= 5, `${forks} processes in 1.5 s`);
    const delays = named(running, 'worker_died').map((line) => line['retryMs']);
    assert.deepEqual(delays.slice(0, 3), [0, 250, 500]);

    running.supervisor.drain();
    assert.equal(await running.exitCode, 0);
    await sleep(600);
    assert.equal(running.children.length, forks, 'nothing is forked after a drain');
  });

  it('gives up when workers die before the gateway was ever ready', async () => {
    const running = supervise('crashing', { workers: 2 });
    assert.equal(await running.exitCode, 1);
    assert.ok(running.children.length <= 6);
  });

  it('ends at once when a worker says that it cannot start', async () => {
    const running = supervise('unable');
    assert.equal(await running.exitCode, 1);
    assert.equal(named(running, 'worker_failed')[0]?.['message'], 'no socket');
    assert.ok(running.children.length <= 2);
  });

  it('kills and replaces a stalled worker', async () => {
    let ageMs = 0;
    const running = supervise('obedient', { stallMs: 200, heartbeatAgesMs: () => [ageMs] });
    await until('it is ready', () => running.supervisor.readiness.ready === 1);
    await sleep(400);
    assert.equal(running.supervisor.restarts, 0, 'a beating worker is left alone');

    ageMs = 60_000;
    await until('it is killed', () => running.supervisor.restarts === 1, 2000);
    ageMs = 0;
    assert.equal(named(running, 'worker_stalled').length, 1);
    assert.equal(named(running, 'worker_died')[0]?.['reason'], 'stalled');
    await until('it is replaced', () => running.supervisor.readiness.ready === 1);

    running.supervisor.drain();
    assert.equal(await running.exitCode, 0);
  });

  it('kills a worker whose start takes too long', async () => {
    const running = supervise('slow', { startMaxMs: 100 });
    await until('it is replaced', () => running.children.length === 2);
    assert.equal(named(running, 'worker_died')[0]?.['reason'], 'start took too long');
    running.supervisor.drain();
    assert.equal(await running.exitCode, 0);
  });

  it('kills what is left at the drain deadline and still exits 0', async () => {
    const running = supervise('deaf', { drainMs: 100 });
    await until('it is ready', () => running.supervisor.readiness.ready === 1);
    const startedAt = performance.now();
    running.supervisor.drain();
    running.supervisor.drain();
    assert.equal(running.supervisor.readiness.draining, true);
    assert.equal(await running.exitCode, 0);
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs >= 1000 && tookMs < 2500, `${tookMs} ms`);
    assert.equal(named(running, 'worker_stopped')[0]?.['reason'], 'drain deadline');
  });

  it('ends at once and with 1 when aborted during a drain', async () => {
    const running = supervise('deaf', { drainMs: 60_000 });
    await until('it is ready', () => running.supervisor.readiness.ready === 1);
    running.supervisor.drain();
    running.supervisor.abort('second SIGTERM');
    assert.equal(await running.exitCode, 1);
  });

  it('survives a fork that throws', async () => {
    const running = supervise('obedient', {
      fork: () => {
        throw new Error('EAGAIN');
      },
    });
    assert.equal(await running.exitCode, 1);
    assert.equal(named(running, 'worker_died')[0]?.['reason'], 'EAGAIN');
  });
});
