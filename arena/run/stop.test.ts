import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';

import { isAlive } from '../host/processes.ts';
import { until } from '../host/wait.ts';
import type { RunningTarget } from '../adapters/target.ts';
import { Interrupted, unlessInterrupted } from './interrupt.ts';
import { stopCompletely } from './stop.ts';
import { within } from './within.ts';

const NGINX = { name: 'nginx', adapter: 'process' } as const;

function running(more: Partial<RunningTarget>): RunningTarget {
  return {
    host: '127.0.0.1',
    port: 1,
    configs: [],
    pid: null,
    alive: () => true,
    output: () => '',
    reload: null,
    stop: async () => {},
    ...more,
  };
}

async function refuse(): Promise<void> {
  throw new Error('not now');
}

async function notesOfStopping(
  target: Parameters<typeof stopCompletely>[1],
  what: RunningTarget,
): Promise<string[]> {
  const notes: string[] = [];
  const progress = {
    now() {},
    advance() {},
    note: (text: string) => void notes.push(text),
    end() {},
  };
  await stopCompletely({ progress }, target, what);
  return notes;
}

describe('stopping a target', () => {
  it('says nothing when its port is closed and nothing is left', async () => {
    assert.deepEqual(await notesOfStopping(NGINX, running({})), []);
  });

  it('tells of a port that stays open, except behind a URL', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const [note] = await notesOfStopping(NGINX, running({ port }));
    assert.match(note ?? '', /^nginx: its port stays open: .*port \d+ closes$/);
    const url = { name: 'direct', adapter: 'url' } as const;
    assert.deepEqual(await notesOfStopping(url, running({ port })), []);
    server.close();
  });

  it('ends what a target has left behind', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    await notesOfStopping(NGINX, running({ pid }));
    await until('it is gone', () => !isAlive(pid));
  });

  it('goes on when a target refuses to stop', async () => {
    assert.deepEqual(await notesOfStopping(NGINX, running({ stop: refuse })), [
      'nginx: does not stop: not now',
    ]);
  });
});

describe('work', () => {
  it('that is interrupted ends with the reason, before or while it runs', async () => {
    const controller = new AbortController();
    const forever = new Promise<never>(() => {});
    const ended = unlessInterrupted(controller.signal, forever);
    controller.abort(new Interrupted());
    await assert.rejects(ended, Interrupted);
    await assert.rejects(unlessInterrupted(controller.signal, forever), Interrupted);
  });

  it('that is not interrupted settles as it does', async () => {
    const { signal } = new AbortController();
    assert.equal(await unlessInterrupted(signal, Promise.resolve(5)), 5);
    await assert.rejects(unlessInterrupted(signal, Promise.reject(new Error('no'))), /no/);
  });

  it('that is late is given up', async () => {
    await assert.rejects(within(1, new Promise(() => {})), /not within 1 ms/);
    assert.equal(await within(60_000, Promise.resolve(5)), 5);
  });
});
