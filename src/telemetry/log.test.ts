import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { describeError, openLog } from './log.ts';

const at = () => new Date('2026-01-02T03:04:05.678Z');

function written(human: boolean): { lines: string[]; log: ReturnType<typeof openLog> } {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  return { lines, log: openLog({ source: 'worker 1', human, write, now: at }) };
}

describe('process events', () => {
  it('are one JSON object per line', () => {
    const { lines, log } = written(false);
    log('warn', 'worker_died', { worker: 1, reason: 'signal\nSIGKILL' });

    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^[^\n]+\n$/);
    assert.deepEqual(JSON.parse(lines[0] ?? ''), {
      time: '2026-01-02T03:04:05.678Z',
      level: 'warn',
      source: 'worker 1',
      pid: process.pid,
      event: 'worker_died',
      worker: 1,
      reason: 'signal\nSIGKILL',
    });
  });

  it('cannot be impersonated by a field', () => {
    const { lines, log } = written(false);
    log('error', 'worker_died', { event: 'gateway_ready', level: 'info' });
    assert.match(lines[0] ?? '', /"level":"error".*"event":"worker_died"/);
  });

  it('are short and free of control characters on a terminal', () => {
    const { lines, log } = written(true);
    log('info', 'worker_ready', { worker: 1, note: 'a\u001b[2Jb\n' });
    assert.equal(lines[0], '03:04:05 info  worker 1: worker ready  worker=1  note=a [2Jb \n');
  });

  it('cut long values', () => {
    const { lines, log } = written(false);
    log('error', 'uncaught_exception', { stack: 'x'.repeat(100_000) });
    assert.ok((lines[0]?.length ?? 0) < 5000);
  });
});

it('describes an error with its causes, and anything else', () => {
  const error = new Error('cannot start', { cause: new Error('EADDRINUSE') });
  assert.equal(describeError(error), 'cannot start: EADDRINUSE');
  const wrapped = new Error('connection: ECONNREFUSED', { cause: new Error('ECONNREFUSED') });
  assert.equal(describeError(wrapped), 'connection: ECONNREFUSED');
  assert.equal(describeError({ reason: 'text' }), "{ reason: 'text' }");
});
