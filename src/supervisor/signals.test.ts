import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';

import { onSignals } from './signals.ts';

describe('a signal', () => {
  let release: (() => void) | undefined;
  afterEach(() => release?.());

  /** What comes of signals, each at a time. */
  function outcome(
    signals: readonly (readonly [NodeJS.Signals, number])[],
    onTerminal: () => boolean = () => false,
  ): string[] {
    const done: string[] = [];
    let time = 0;
    release = onSignals(
      {
        drain: () => done.push('drain'),
        abort: (reason) => done.push(`abort: ${reason}`),
        reloadFiles: () => done.push('reopen'),
      },
      () => {},
      { nowMs: () => time, onTerminal },
    );
    for (const [signal, atMs] of signals) {
      time = atMs;
      process.emit(signal, signal);
    }
    return done;
  }

  it('to stop drains, and counts once within a second', () => {
    assert.deepEqual(
      outcome([
        ['SIGTERM', 5],
        ['SIGTERM', 5],
        ['SIGINT', 600],
        ['SIGTERM', 1005],
      ]),
      ['drain'],
    );
  });

  it('to stop ends everything when it comes again later', () => {
    assert.deepEqual(
      outcome([
        ['SIGTERM', 5],
        ['SIGINT', 1006],
      ]),
      ['drain', 'abort: second SIGINT'],
    );
  });

  it('to hang up opens log files anew, however often', () => {
    assert.deepEqual(
      outcome([
        ['SIGHUP', 0],
        ['SIGHUP', 1],
        ['SIGTERM', 2],
        ['SIGHUP', 3],
      ]),
      ['reopen', 'reopen', 'drain', 'reopen'],
    );
    release?.();
    assert.deepEqual(
      outcome([['SIGHUP', 0]], () => true),
      ['reopen'],
    );
  });

  it('to hang up drains when the terminal is gone', () => {
    const states = [true, false];
    assert.deepEqual(
      outcome([['SIGHUP', 0]], () => states.shift() ?? false),
      ['drain'],
    );
  });
});
