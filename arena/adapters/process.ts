/**
 * A target that is an executable on this machine: started on its cores, stopped by its process id.
 *
 * @module
 */

import { signal } from '../host/processes.ts';
import { ask, lastLineOf, locate, versionOf } from './executables.ts';
import type { CommandManifest, Manifest } from './manifest.ts';
import { capabilitiesOf, type Description, prepare, type Prepared } from './prepared.ts';
import { type Service, start } from './processes.ts';
import { PROJECT } from './project.ts';
import { assertFree, whenReady } from './readiness.ts';
import type { RunningTarget, StartPlan, Target } from './target.ts';

const HOST = '127.0.0.1';

/** For the command that has a target read its configuration again. */
const RELOAD_TIMEOUT_MS = 20_000;

export function processTarget(description: Description, command: CommandManifest): Target {
  const { name, manifest } = description;
  return {
    name,
    title: manifest.title,
    adapter: 'process',
    capabilities: capabilitiesOf(manifest),
    examine: async () => {
      const found = await locate(command, PROJECT);
      if ('why' in found) return { status: 'unavailable', why: found.why };
      const { args, pattern } = command.version;
      const told = await versionOf(found.executable, fromProject(args), pattern);
      if ('why' in told) return { status: 'unavailable', why: told.why };
      return { status: 'ready', version: told.version };
    },
    start: (plan) => startProcess(description, command, plan),
  };
}

async function startProcess(
  description: Description,
  command: CommandManifest,
  plan: StartPlan,
): Promise<RunningTarget> {
  const { name, manifest } = description;
  const found = await locate(command, PROJECT);
  if ('why' in found) throw new Error(`${name}: ${found.why}`);
  const { executable } = found;
  await assertFree(plan.port);
  const prepared = await prepare(description, plan);
  const surroundings = { env: prepared.env, folder: plan.folder };
  const service = start(plan.cores, executable, prepared.words(command.args), surroundings);
  try {
    await whenReady(name, { host: HOST, port: plan.port, ...manifest.ready }, service);
  } catch (error) {
    await service.stop();
    throw error;
  }
  return {
    host: HOST,
    port: plan.port,
    configs: prepared.configs,
    pid: service.pid,
    alive: service.alive,
    output: service.output,
    reload: reloading(manifest, { executable, service, prepared, folder: plan.folder }),
    stop: service.stop,
  };
}

interface Started {
  readonly executable: string;
  readonly service: Service;
  readonly prepared: Prepared;
  readonly folder: string;
}

function reloading(
  { reload, title }: Manifest,
  { executable, service, prepared, folder }: Started,
): RunningTarget['reload'] {
  if (reload === undefined) return null;
  if ('signal' in reload) {
    return async () => signal(service.pid, reload.signal);
  }
  const words = prepared.words(reload.command);
  return async () => {
    const options = { timeoutMs: RELOAD_TIMEOUT_MS, folder, env: prepared.env };
    const { code, output } = await ask(executable, words, options);
    if (code !== 0) throw new Error(`${title} did not reload: ${lastLineOf(output)}`);
  };
}

/** Has the target itself check its configuration of a tier; resolves with what it objects to, or null. */
export async function checkConfiguration(
  description: Description,
  command: CommandManifest,
  plan: StartPlan,
): Promise<string | null> {
  if (command.check === undefined) return null;
  const found = await locate(command, PROJECT);
  if ('why' in found) return found.why;
  const { words, env } = await prepare(description, plan);
  const options = { folder: plan.folder, env };
  const { code, output } = await ask(found.executable, words(command.check), options);
  return code === 0 ? null : output;
}

/** Arguments before there is a plan: of all values, only the project's folder is known. */
function fromProject(args: readonly string[]): string[] {
  return args.map((arg) => arg.replace('<%= it.project %>', PROJECT));
}
