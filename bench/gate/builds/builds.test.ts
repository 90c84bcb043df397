/** Commits as built folders, in a repository of a few files. @module */

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { type BuildPlace, buildOf, builtCommits } from './builds.ts';
import { commitOf, git, patchedCommit, snapshotOf } from './git.ts';

const MAKEFILE =
  'build:\n\t@cp source built; echo "$(CARGO_TARGET_DIR)" > target; echo made >> log\n';
const ME = ['-c', 'user.name=me', '-c', 'user.email=me@localhost'];

let place: BuildPlace;
let repository = '';

function write(name: string, text: string): void {
  writeFileSync(join(repository, name), text);
}

function commit(message: string): string {
  git(repository, ['add', '--all']);
  git(repository, [...ME, 'commit', '--quiet', '--message', message]);
  return commitOf(repository, 'HEAD');
}

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-builds-'));
  repository = join(folder, 'repository');
  mkdirSync(repository);
  place = {
    repository,
    cache: join(folder, 'cache'),
    cargoTarget: join(folder, 'target'),
    keepAll: false,
  };
  git(repository, ['init', '--quiet']);
  write('.gitignore', 'built\n');
  write('Makefile', MAKEFILE);
  write('source', 'one');
});
afterEach(() => rmSync(join(repository, '..'), { recursive: true }));

const quiet = (): void => {};

describe('a build', () => {
  it('is the commit, built in a folder of its own, once', async () => {
    const first = commit('one');
    write('source', 'two');
    const second = commit('two');
    const base = await buildOf(place, first, 'base', quiet);
    const head = await buildOf(place, second, 'head', quiet);
    await buildOf(place, first, 'base', quiet);
    assert.equal(readFileSync(join(base.folder, 'built'), 'utf8'), 'one');
    assert.equal(readFileSync(join(head.folder, 'built'), 'utf8'), 'two');
    assert.equal(readFileSync(join(base.folder, 'log'), 'utf8'), 'made\n');
    assert.equal(readFileSync(join(base.folder, 'target'), 'utf8'), `${place.cargoTarget}\n`);
  });

  it('that fails says so, with what was said and where the rest is', async () => {
    write('Makefile', 'build:\n\t@echo "no such thing: flux"; false\n');
    const broken = commit('broken');
    await assert.rejects(buildOf(place, broken, 'base', quiet), (error: Error) => {
      assert.match(error.message, /^base \([0-9a-f]{12}\) does not build/);
      assert.match(error.message, /no such thing: flux/);
      assert.match(error.message, /the whole log: .*\.log$/);
      return true;
    });
    assert.deepEqual(builtCommits(place), []);
  });

  it('takes the packages of the checkout as links where the lockfile is the same', async () => {
    write('.gitignore', 'built\nnode_modules\n');
    write('package.json', '{}');
    write('package-lock.json', '{}');
    const same = commit('same');
    mkdirSync(join(repository, 'node_modules'));
    write('node_modules/.package-lock.json', '{}');
    write('node_modules/thing.js', '1');
    const { folder } = await buildOf(place, same, 'base', quiet);
    const linked = statSync(join(folder, 'node_modules/thing.js'));
    assert.equal(linked.ino, statSync(join(repository, 'node_modules/thing.js')).ino);
    write('package-lock.json', '{ "other": 1 }');
    const other = commit('other');
    git(repository, ['checkout', '--quiet', same]);
    const unlike = await buildOf(place, other, 'head', quiet);
    assert.equal(existsSync(join(unlike.folder, 'node_modules')), false);
  });

  it('goes when there are too many, the one used longest ago first', async () => {
    const commits: string[] = [];
    for (let number = 0; number < 8; number += 1) {
      write('source', `${number}`);
      commits.push(commit(`${number}`));
      await buildOf(place, commits[number] ?? '', 'head', quiet);
      if (number > 0) await buildOf(place, commits[0] ?? '', 'base', quiet);
    }
    const kept = new Set(builtCommits(place).map((build) => build.commit));
    assert.equal(kept.size, 6);
    assert.ok(kept.has(commits[0] ?? ''));
    assert.ok(!kept.has(commits[1] ?? ''));
    const trees = git(repository, ['worktree', 'list']).split('\n').length;
    assert.equal(trees, 1 + kept.size);
  });
});

describe('the working tree', () => {
  it('is HEAD when nothing is changed', () => {
    const head = commit('one');
    write('built', 'ignored');
    assert.equal(snapshotOf(repository), head);
  });

  it('is a commit with what is changed and new, the same for the same, and stays as it is', () => {
    const head = commit('one');
    write('source', 'changed');
    write('new', 'unknown to git');
    const before = git(repository, ['status', '--porcelain']);
    const snapshot = snapshotOf(repository);
    assert.equal(snapshotOf(repository), snapshot);
    assert.notEqual(snapshot, head);
    assert.equal(git(repository, ['show', `${snapshot}:source`]), 'changed');
    assert.equal(git(repository, ['show', `${snapshot}:new`]), 'unknown to git');
    assert.equal(git(repository, ['rev-parse', `${snapshot}^`]), head);
    assert.equal(git(repository, ['status', '--porcelain']), before);
    assert.equal(commitOf(repository, 'HEAD'), head);
  });

  it('with a patch on it is a commit, and the patch must apply', () => {
    write('source', 'one\n');
    const head = commit('one');
    const patch = join(repository, '..', 'patch');
    writeFileSync(patch, '--- a/source\n+++ b/source\n@@ -1 +1 @@\n-one\n+two\n');
    assert.equal(
      git(repository, ['show', `${patchedCommit(repository, head, patch)}:source`]),
      'two',
    );
    write('source', 'three\n');
    const other = commit('three');
    assert.throws(() => patchedCommit(repository, other, patch), /patch/);
  });
});
