/**
 * Commits as folders that are built: one `git worktree` each, kept under the commit's name, so that
 * a commit is built once.
 *
 * A build is made by the commit's own `make build`, with one cargo target folder for all of them.
 * Packages are hard links of this checkout's where package-lock.json is the same, else installed.
 * The addon of another build is taken where all that it is made from is the same.
 * Bounds: `BUILDS_MAX` folders, the least recently used goes first; 30 minutes for a build.
 *
 * @module
 */

import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { internalFailure } from '../failure.ts';
import { git } from './git.ts';

/** Three sides of a comparison, those of an earlier one, and a patched one. */
const BUILDS_MAX = 6;
const BUILD_TIMEOUT_MS = 30 * 60_000;
/** Lines of a failed build's log that are shown. */
const LOG_LINES_SHOWN = 15;
const LOG_LINE_MAX_BYTES = 200;
/** Written into a folder when its build is complete; its time is when it was last used. */
const COMPLETE = '.gate-complete';
const PACKAGES = 'node_modules/.package-lock.json';
const ADDON = 'native/addon/gateway.node';
/** What the addon is made from, the Makefile's flags included. */
const ADDON_SOURCES = ['native', 'Cargo.toml', 'Cargo.lock', 'Makefile'];

export interface Build {
  readonly commit: string;
  readonly folder: string;
}

export interface BuildPlace {
  /** The checkout whose commits are built. */
  readonly repository: string;
  /** Holds the folders, logs and the cargo target folder. */
  readonly cache: string;
  /** Cargo's target folder, of all builds. */
  readonly cargoTarget: string;
  /** Beyond `BUILDS_MAX`, too. */
  readonly keepAll: boolean;
}

/** Told what is being done, for a person who waits. */
export type Tell = (what: string) => void;

/** Makes sure that `commit` is built. Rejects, with the end of the log, when it can't be. */
export async function buildOf(
  place: BuildPlace,
  commit: string,
  name: string,
  tell: Tell,
): Promise<Build> {
  const folder = join(place.cache, 'builds', commit);
  const mark = join(folder, COMPLETE);
  if (!existsSync(mark)) {
    removeBuild(place, commit);
    mkdirSync(join(place.cache, 'builds'), { recursive: true });
    tell(`building ${name}, ${commit.slice(0, 12)} (some minutes the first time)`);
    git(place.repository, ['worktree', 'add', '--quiet', '--detach', '--force', folder, commit]);
    lendAddon(place, commit);
    await make(place, folder, `${name} (${commit.slice(0, 12)})`);
    writeFileSync(mark, '');
  }
  const now = new Date();
  utimesSync(mark, now, now);
  if (!place.keepAll) forgetOldest(place, commit);
  return { commit, folder };
}

async function make(place: BuildPlace, folder: string, name: string): Promise<void> {
  const log = `${folder}.log`;
  writeFileSync(log, '');
  linkPackages(place.repository, folder);
  const ended = await logged(log, folder, 'make', [
    'build',
    `CARGO_TARGET_DIR=${place.cargoTarget}`,
  ]);
  if (ended === 0) return;
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN);
  const shown = lines.map((line) => `    ${line.slice(0, LOG_LINE_MAX_BYTES)}`).join('\n');
  throw internalFailure(
    `${name} does not build (make build: ${ended}), so there is nothing to compare with. Choose a commit that builds, or mend what is missing here:\n${shown}\n  the whole log: ${log}`,
  );
}

/** Gives a folder this checkout's packages, when they are those that it asks for. */
function linkPackages(repository: string, folder: string): void {
  const packages = join(repository, 'node_modules');
  const wanted = ['package.json', 'package-lock.json'];
  const same = wanted.every(
    (file) =>
      existsSync(join(folder, file)) &&
      existsSync(join(repository, file)) &&
      readFileSync(join(folder, file)).equals(readFileSync(join(repository, file))),
  );
  if (!same || !existsSync(join(repository, PACKAGES))) return;
  execFileSync('cp', ['-al', realpathSync(packages), join(folder, 'node_modules')]);
  // A copy, and new: make compares its time with the checkout's.
  rmSync(join(folder, PACKAGES));
  copyFileSync(join(repository, PACKAGES), join(folder, PACKAGES));
}

/** Copies the addon of a build that is made from the same sources; it is new to make. */
function lendAddon(place: BuildPlace, commit: string): void {
  const sources = sourcesOf(place.repository, commit);
  const lender = builtCommits(place).find(
    (build) => sourcesOf(place.repository, build.commit) === sources,
  );
  if (lender === undefined) return;
  const addon = join(place.cache, 'builds', lender.commit, ADDON);
  if (existsSync(addon)) copyFileSync(addon, join(place.cache, 'builds', commit, ADDON));
}

/** What git calls the content of the addon's sources at a commit. */
function sourcesOf(repository: string, commit: string): string {
  return git(repository, ['ls-tree', commit, ...ADDON_SOURCES]);
}

/** Runs a command to its end or the bound; what it writes goes to `log`. Resolves to how it ended. */
export function logged(
  log: string,
  folder: string,
  command: string,
  args: readonly string[],
): Promise<number | string> {
  return new Promise((resolve) => {
    // make would otherwise think that it is a part of the `make gate` that runs this.
    const env = { ...process.env, MAKEFLAGS: undefined, MFLAGS: undefined, MAKELEVEL: undefined };
    const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const insist = setTimeout(() => child.kill('SIGKILL'), BUILD_TIMEOUT_MS);
    const interrupt = (): void => void child.kill('SIGTERM');
    process.once('exit', interrupt);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes: Buffer) => appendFileSync(log, bytes));
    }
    const end = (how: number | string): void => {
      clearTimeout(insist);
      process.removeListener('exit', interrupt);
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(code ?? signal ?? 'ended'));
  });
}

/** Removes builds that were used longest ago, until so many are left as may be. */
function forgetOldest(place: BuildPlace, justUsed: string): void {
  const builds = builtCommits(place).filter(({ commit }) => commit !== justUsed);
  for (const { commit } of builds.slice(BUILDS_MAX - 1)) removeBuild(place, commit);
}

/** Complete builds, the most recently used first. */
export function builtCommits(place: BuildPlace): { commit: string; usedAtMs: number }[] {
  const folder = join(place.cache, 'builds');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((commit) => existsSync(join(folder, commit, COMPLETE)))
    .map((commit) => ({ commit, usedAtMs: statSync(join(folder, commit, COMPLETE)).mtimeMs }))
    .toSorted((a, b) => b.usedAtMs - a.usedAtMs);
}

/** Takes a build away, complete or not; nothing happens when there is none. */
function removeBuild(place: BuildPlace, commit: string): void {
  const folder = join(place.cache, 'builds', commit);
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.log`, { force: true });
  git(place.repository, ['worktree', 'prune']);
}
