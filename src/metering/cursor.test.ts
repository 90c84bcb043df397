import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';

import { parseCursor, readCursor, START, writeCursor } from './cursor.ts';

const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('a cursor', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-cursor-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is read as it was written', () => {
    fc.assert(
      fc.property(count, count, (segment, offset) => {
        writeCursor(folder, { segment, offset });
        assert.deepEqual(readCursor(folder), { segment, offset });
      }),
      { numRuns: 30 },
    );
  });

  it('that was cut short or overwritten is the start, never another place', () => {
    const whole = '{"segment":12,"offset":3456}';
    for (let length = 0; length < whole.length; length += 1) {
      assert.deepEqual(parseCursor(whole.slice(0, length)), START);
    }
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { segment, offset } = parseCursor(text);
        assert.ok(segment >= 0 && offset >= 0);
      }),
    );
  });

  it('is not hurt by one that was not finished', () => {
    writeCursor(folder, { segment: 3, offset: 64 });
    writeFileSync(join(folder, 'cursor.json.new'), '{"segm');
    assert.deepEqual(readCursor(folder), { segment: 3, offset: 64 });
  });

  it('is the start in a folder that has none', () => {
    assert.deepEqual(readCursor(join(folder, 'nowhere')), START);
  });
});
