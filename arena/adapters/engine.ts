/**
 * The command line of docker or podman, whichever has an engine behind it.
 *
 * Nothing here downloads: an image that is not on this machine is an answer, with the command that
 * gets it.
 *
 * Source: docs.docker.com/reference/cli/docker/container/run; docs.podman.io, podman-run(1).
 *
 * @module
 */

import { availableParallelism } from 'node:os';

import { ask, findExecutable, lastLineOf } from './executables.ts';

/** What each prints of itself when there is an engine, and only then. */
const ENGINES = [
  { name: 'docker', asks: ['info', '--format', '{{.ServerVersion}}'] },
  { name: 'podman', asks: ['info', '--format', '{{.Version.Version}}'] },
] as const;

export interface Engine {
  readonly name: 'docker' | 'podman';
  readonly executable: string;
}

/** The first engine that answers, or why none does. */
export async function findEngine(): Promise<Engine | { readonly why: string }> {
  const reasons: string[] = [];
  for (const { name, asks } of ENGINES) {
    const executable = findExecutable([name]);
    if (executable === null) {
      reasons.push(`${name} is not installed`);
      continue;
    }
    const { code, output } = await ask(executable, asks);
    if (code === 0 && /^\d/m.test(output)) return { name, executable };
    reasons.push(`${name} has no engine (${lastLineOf(output)})`);
  }
  return { why: `${reasons.join('; ')}; start one: systemctl start docker` };
}

/** The digest of an image on this machine: its registry's, or its own if it comes from none. */
export async function digestOf(engine: Engine, image: string): Promise<string | null> {
  const format = '{{range .RepoDigests}}{{.}} {{end}}{{.Id}}';
  const words = ['image', 'inspect', '--format', format, image];
  const { code, stdout } = await ask(engine.executable, words);
  const digest = /[0-9a-f]{64}/.exec(stdout)?.[0];
  return code === 0 && digest !== undefined ? `sha256:${digest}` : null;
}

export interface ContainerPlan {
  readonly container: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Mounted read-only at `MOUNT`. */
  readonly folder: string;
  /** Files of it that are mounted elsewhere, too, by their names. */
  readonly mounts: Readonly<Record<string, string>>;
  /** As taskset names them. */
  readonly cores: string;
  readonly memoryMaxBytes: number;
}

/** Where a container sees the rendered files. */
export const MOUNT = '/arena';
const OPEN_FILES = 65_536;

/** In the foreground, so that its output and its end are those of the command. */
export function runWords(plan: ContainerPlan): string[] {
  const mounts = Object.entries(plan.mounts).flatMap(([file, path]) => [
    '--volume',
    `${plan.folder}/${file}:${path}:ro`,
  ]);
  const env = Object.entries(plan.env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  return [
    'run',
    '--rm',
    '--pull=never',
    '--name',
    plan.container,
    '--network',
    'host',
    '--cpuset-cpus',
    plan.cores,
    '--cpus',
    `${countCores(plan.cores)}`,
    '--memory',
    `${plan.memoryMaxBytes}b`,
    '--memory-swap',
    `${plan.memoryMaxBytes}b`,
    '--ulimit',
    `nofile=${OPEN_FILES}:${OPEN_FILES}`,
    '--volume',
    `${plan.folder}:${MOUNT}:ro`,
    ...mounts,
    ...env,
    plan.image,
    ...plan.args,
  ];
}

/** The process of a running container as this machine sees it, or null. */
export async function pidOf(engine: Engine, container: string): Promise<number | null> {
  const words = ['inspect', '--format', '{{.State.Pid}}', container];
  const { code, stdout } = await ask(engine.executable, words);
  const pid = Number(stdout.trim());
  return code === 0 && Number.isInteger(pid) && pid > 0 ? pid : null;
}

/** How many cores `0`, `0,2` and `0-3` are. Throws for what names none. */
export function countCores(cores: string): number {
  const parts = cores.split(',').map((part) => /^(\d+)(?:-(\d+))?$/.exec(part));
  const counts = parts.map((part) => Number(part?.[2] ?? part?.[1]) - Number(part?.[1]) + 1);
  if (!counts.every((count) => count > 0)) {
    const last = availableParallelism() - 1;
    throw new Error(`not a list of cores: "${cores}"; expected 0, 0,1 or 0-${last}`);
  }
  return counts.reduce((sum, count) => sum + count, 0);
}
