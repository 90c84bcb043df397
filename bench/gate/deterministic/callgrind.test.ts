/** Instructions, counted for real where valgrind is there. @module */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { spawnSync } from 'node:child_process';

import { PROJECT } from '../place.ts';
import { collected, countOne } from './callgrind.ts';
import { missing } from './tools.ts';

const lacking = missing('valgrind') ?? missing('cargo');
// A machine that checks changes has to have it; another may do without.
const skip = lacking !== null && process.env['CI'] !== 'true' ? lacking : false;

const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-callgrind-'));
after(() => rmSync(folder, { recursive: true }));

describe('callgrind', { skip }, () => {
  it('counts as many instructions again for as many repetitions again', async () => {
    assert.equal(lacking, null);
    const target = process.env['CARGO_TARGET_DIR'] ?? join(PROJECT, 'target');
    const flags = ['build', '--release', '--locked', '--target-dir', target];
    const cwd = join(PROJECT, 'bench/gate/instructions');
    const built = spawnSync('cargo', flags, { cwd, encoding: 'utf8' });
    assert.equal(built.status, 0, built.stderr);

    const binary = join(target, 'release/instructions');
    const [one = 0, two = 0, three = 0] = await Promise.all(
      [200, 400, 600].map((repetitions) => countOne(binary, 'request-head', repetitions)),
    );
    assert.ok(one > 0);
    assert.equal(three - two, two - one);
  });
});

it('an output without a count is an error', () => {
  assert.equal(collected('==1== Collected : 42\n'), 42);
  assert.throws(() => collected('valgrind: not found'), /callgrind counted nothing/);
});
