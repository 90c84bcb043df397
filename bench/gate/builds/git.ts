/**
 * Git, as far as the gate asks it: which commit a name means, what the working tree is as a commit,
 * and folders that hold a commit.
 *
 * Hooks never run, and the index of the repository is not touched.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { internalFailure, usageFailure } from '../failure.ts';

/** What `head` is called when it is what lies in the folder, committed or not. */
export const WORKTREE = 'worktree';

/** Same content, same commit: so that a working tree that was built before is found again. */
const NOBODY = {
  GIT_AUTHOR_NAME: 'gate',
  GIT_AUTHOR_EMAIL: 'gate@localhost',
  GIT_AUTHOR_DATE: '2000-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'gate',
  GIT_COMMITTER_EMAIL: 'gate@localhost',
  GIT_COMMITTER_DATE: '2000-01-01T00:00:00Z',
} as const;

const OUTPUT_MAX_BYTES = 64 << 20;

interface GitCall {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** What `git` writes, without the last line feed. Throws, with what it says, when it fails. */
export function git(folder: string, args: readonly string[], call: GitCall = {}): string {
  const options = {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...call.env },
    stdio: 'pipe',
    input: call.input ?? '',
    maxBuffer: OUTPUT_MAX_BYTES,
  } as const;
  try {
    return execFileSync('git', ['-c', 'core.hooksPath=/dev/null', ...args], options).trimEnd();
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw internalFailure(`git ${args.join(' ')}: ${said}`, error);
  }
}

/** The commit that `ref` names, in full. */
export function commitOf(repository: string, ref: string): string {
  try {
    return git(repository, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  } catch {
    throw usageFailure(
      `"${ref}" is no commit here; name a branch, tag or commit (git log --oneline), and fetch it first when this is a shallow clone (git fetch --unshallow)`,
    );
  }
}

/** Runs `change` with an index of its own that holds `tree`; resolves to the tree it leaves. */
function changedTree(
  repository: string,
  tree: string,
  change: (git: (...args: readonly string[]) => void) => void,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-gate-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(folder, 'index') };
    git(repository, ['read-tree', tree], { env });
    change((...args) => void git(repository, args, { env }));
    return git(repository, ['write-tree'], { env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A commit with this tree on top of `parent`, always the same for the same two. */
function commitTree(repository: string, tree: string, parent: string): string {
  const args = ['commit-tree', '--no-gpg-sign', tree, '-p', parent];
  return git(repository, args, { env: NOBODY, input: 'Measured by the gate\n' });
}

/**
 * The working tree as a commit, with files that git does not know yet but does not ignore. HEAD
 * itself when nothing is changed.
 */
export function snapshotOf(repository: string): string {
  const top = git(repository, ['rev-parse', '--show-toplevel']);
  const head = commitOf(top, 'HEAD');
  const tree = changedTree(top, head, (run) => run('add', '--all', '.'));
  if (tree === git(top, ['rev-parse', `${head}^{tree}`])) return head;
  return commitTree(top, tree, head);
}

/** `base` with a patch on it, as a commit. */
export function patchedCommit(repository: string, base: string, patchFile: string): string {
  const tree = changedTree(repository, base, (run) => run('apply', '--cached', patchFile));
  return commitTree(repository, tree, base);
}
