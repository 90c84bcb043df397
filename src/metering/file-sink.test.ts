import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { FileSink, filesBeside } from './file-sink.ts';
import type { SpooledEvent } from './source.ts';

function events(...lines: string[]): SpooledEvent[] {
  return lines.map((line) => ({
    line,
    timeMs: 0,
    tenant: '',
    failed: false,
    behind: { segment: 1, offset: 64 },
  }));
}

describe('the file sink', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-file-sink-'));
    path = join(folder, 'below', 'events.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const options = { maxBytes: 65_536, maxAgeMs: 60_000, filesMax: 2 };

  it('appends a line an event, also to a file that is there', async () => {
    for (const name of ['1', '2']) {
      const sink = new FileSink({ path, ...options });
      await sink.send(events(`{"a":${name}}`, `{"b":${name}}`));
      await sink.close();
    }
    assert.equal(readFileSync(path, 'utf8'), '{"a":1}\n{"b":1}\n{"a":2}\n{"b":2}\n');
  });

  it('cuts off half a line that a death left', async () => {
    const first = new FileSink({ path, ...options });
    await first.send(events('{"a":1}'));
    await first.close();
    appendFileSync(path, '{"half":');
    const second = new FileSink({ path, ...options });
    await second.send(events('{"a":2}'));
    await second.close();
    assert.equal(readFileSync(path, 'utf8'), '{"a":1}\n{"a":2}\n');
  });

  it('puts a file aside that is long or old, and keeps only so many', async () => {
    let nowMs = Date.parse('2026-11-21T10:00:00Z');
    const sink = new FileSink({ path, ...options }, () => nowMs);
    const long = JSON.stringify('x'.repeat(70_000));
    for (const nth of [1, 2, 3, 4]) await sink.send(events(long, String(nth)));
    assert.equal(filesBeside(path).length, 2);
    assert.equal(readFileSync(path, 'utf8'), `${long}\n4\n`);
    nowMs += 1;
    await sink.send(events('5'));
    nowMs += options.maxAgeMs;
    await sink.send(events('6'));
    await sink.close();
    assert.equal(readFileSync(path, 'utf8'), '6\n');
    const aside = filesBeside(path).map((file) => readFileSync(file, 'utf8'));
    assert.deepEqual(aside, [`${long}\n4\n`, '5\n']);
    assert.ok(existsSync(path));
  });
});
