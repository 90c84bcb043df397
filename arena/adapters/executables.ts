/**
 * Finds executables on this machine, has scripts of this repository install them, and asks them
 * for their versions.
 *
 * Bounds: 5 minutes for an installation, 20 seconds for an answer, 1 MiB of output.
 *
 * @module
 */

import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

import type { CommandManifest } from './manifest.ts';

const INSTALL_TIMEOUT_MS = 300_000;
const ANSWER_TIMEOUT_MS = 20_000;
const OUTPUT_MAX_BYTES = 1_048_576;

/** Where daemons are, and PATH often doesn't say so. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

/** The first of these that there is on PATH or among the system's, or null. */
export function findExecutable(names: readonly string[]): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  for (const name of names) {
    if (name === 'node') return process.execPath;
    const found = folders.map((folder) => join(folder, name)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

export interface Ended {
  readonly code: number;
  /** Standard output and error, one after the other. */
  readonly output: string;
  readonly stdout: string;
}

/** The environment is added to this process's own. */
interface Asking {
  readonly timeoutMs?: number;
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end. Never rejects: what can't be run has the code 127. */
export function ask(
  command: string,
  args: readonly string[],
  { timeoutMs = ANSWER_TIMEOUT_MS, folder = '/', env = {} }: Asking = {},
): Promise<Ended> {
  return new Promise((end) => {
    const options = {
      timeout: timeoutMs,
      maxBuffer: OUTPUT_MAX_BYTES,
      cwd: folder,
      env: { ...process.env, ...env },
    };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : Number(error !== null) * 127;
      const unwritten = error !== null && stdout + stderr === '' ? error.message : '';
      end({ code, stdout, output: `${stdout}${stderr}${unwritten}` });
    });
  });
}

export type Found =
  | { readonly executable: string }
  /** Why there is none, and how to get it. */
  | { readonly why: string };

/** The executable of a command, installed if the manifest names a script for that. */
export async function locate(command: CommandManifest, project: string): Promise<Found> {
  if (command.install === undefined) {
    const names = command.names ?? [];
    const executable = findExecutable(names);
    if (executable !== null) return { executable };
    return { why: `${names.join(' or ')} is not installed; get it: ${command.get}` };
  }
  const [script = '', ...args] = command.install.split(' ');
  const { code, stdout, output } = await ask(join(project, script), args, {
    timeoutMs: INSTALL_TIMEOUT_MS,
    folder: project,
  });
  if (code === 0) return { executable: resolve(project, lastLineOf(stdout)) };
  return { why: `${script} failed: ${lastLineOf(output)}; get it: ${command.get}` };
}

/** What `pattern` finds in what the executable says of its version, or why there is nothing. */
export async function versionOf(
  executable: string,
  args: readonly string[],
  pattern: string,
): Promise<{ readonly version: string } | { readonly why: string }> {
  const { output } = await ask(executable, args);
  const version = new RegExp(pattern, 'u').exec(output)?.[1];
  if (version !== undefined) return { version };
  return { why: `${executable} ${args.join(' ')} tells no version: ${lastLineOf(output)}` };
}

export function lastLineOf(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}
