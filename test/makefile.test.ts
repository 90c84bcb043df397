/**
 * What the Makefile must not do to the folder it is called in.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { PROJECT } from './support/gateway.ts';

const MODULES = 'node_modules/.package-lock.json';

describe('make, where the packages are to be installed', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-make-'));
    copyFileSync(join(PROJECT, 'Makefile'), join(folder, 'Makefile'));
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'package-lock.json'), '{}');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Installs with something that only leaves a trace of having run. */
  function make(): { status: number | null; said: string } {
    const env = { ...process.env, MAKEFLAGS: undefined, MFLAGS: undefined, MAKELEVEL: undefined };
    const ran = spawnSync(
      'make',
      ['--old-file=prerequisites', MODULES, 'NPM=mkdir -p node_modules; touch installed; true'],
      { cwd: folder, env, encoding: 'utf8' },
    );
    return { status: ran.status, said: ran.stderr };
  }

  it('does not install through a link into a folder that may be somebody else’s', () => {
    symlinkSync('elsewhere', join(folder, 'node_modules'));
    const { status, said } = make();
    assert.equal(status, 2);
    assert.match(said, /node_modules is a link.*\n +remove the link.*rm node_modules/);
    assert.equal(existsSync(join(folder, 'installed')), false);
  });

  it('installs into a folder of its own', () => {
    assert.equal(make().status, 0);
    assert.equal(existsSync(join(folder, 'installed')), true);
  });
});
