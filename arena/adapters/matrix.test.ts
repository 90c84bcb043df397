import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { readCatalog } from './catalog.ts';
import { manifestJsonSchema } from './manifest.ts';
import { matrixOf } from './matrix.ts';
import { PROJECT } from './project.ts';

const PAGE = join(PROJECT, 'docs/arena-targets.md');
const BEGIN = '<!-- Generated from the manifests by "make reference". -->\n';
const END = '<!-- end -->\n';

describe('docs/arena-targets.md', () => {
  const page = readFileSync(PAGE, 'utf8');

  it('has the matrix of what the manifests say', () => {
    const start = page.indexOf(BEGIN) + BEGIN.length;
    const end = page.indexOf(END);
    const matrix = `${matrixOf(readCatalog().descriptions)}\n`;
    if (process.env['UPDATE'] === '1') {
      writeFileSync(PAGE, page.slice(0, start) + matrix + page.slice(end));
    } else {
      assert.equal(page.slice(start, end), matrix);
    }
  });

  it('tells of every key of a manifest', () => {
    const keys = Object.keys(manifestJsonSchema().properties ?? {});
    const untold = keys.filter((key) => !page.includes(`| \`${key}\``));
    assert.deepEqual(untold, []);
  });
});
