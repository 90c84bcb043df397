/**
 * A target that is an image: run by docker or podman with the cores and the memory of the plan, on
 * the network of this machine, its configuration mounted read-only.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../host/wait.ts';
import { digestOf, type Engine, findEngine, MOUNT, pidOf, runWords } from './engine.ts';
import { ask, lastLineOf } from './executables.ts';
import type { ContainerManifest, Manifest } from './manifest.ts';
import { capabilitiesOf, type Description, prepare, type Prepared } from './prepared.ts';
import { type Service, start } from './processes.ts';
import { assertFree, whenReady } from './readiness.ts';
import type { RunningTarget, StartPlan, Target } from './target.ts';

const HOST = '127.0.0.1';
const PID_TIMEOUT_MS = 10_000;
const STOP_GRACE_S = 5;
const STOP_TIMEOUT_MS = 30_000;

/** What must not outlive this process, by what ends it. */
const running = new Map<string, Engine>();
process.on('exit', () => {
  for (const [container, { executable }] of running) {
    try {
      execFileSync(executable, ['rm', '--force', container], { stdio: 'ignore' });
    } catch {
      // It has ended by itself.
    }
  }
});

export function containerTarget(description: Description, image: ContainerManifest): Target {
  const { name, manifest } = description;
  return {
    name,
    title: manifest.title,
    adapter: 'container',
    capabilities: capabilitiesOf(manifest),
    examine: async () => {
      const engine = await findEngine();
      if ('why' in engine) return { status: 'unavailable', why: withBinary(engine.why, manifest) };
      const digest = await digestOf(engine, image.image);
      if (digest !== null) return { status: 'ready', version: `${image.image} (${digest})` };
      const why = `its image is not here; get it: ${engine.name} pull ${image.image}`;
      return { status: 'unavailable', why };
    },
    start: (plan) => startContainer(description, image, plan),
  };
}

function withBinary(why: string, { command }: Manifest): string {
  return command === undefined ? why : `${why}, or install it here: ${command.get}`;
}

interface Started {
  readonly engine: Engine;
  readonly container: string;
  readonly service: Service;
  readonly prepared: Prepared;
}

async function startContainer(
  description: Description,
  { image, args, mounts }: ContainerManifest,
  plan: StartPlan,
): Promise<RunningTarget> {
  const { name, manifest } = description;
  const engine = await findEngine();
  if ('why' in engine) throw new Error(`${name}: ${engine.why}`);
  await assertFree(plan.port);
  const prepared = await prepare(description, plan, MOUNT);
  for (const { file } of prepared.configs) chmodSync(join(plan.folder, file), 0o644);

  const container = `arena-${name}-${plan.port}`;
  const words = runWords({
    ...plan,
    container,
    image,
    mounts,
    args: prepared.words(args),
    env: prepared.env,
  });
  const service = start(plan.cores, engine.executable, words);
  running.set(container, engine);
  const started = { engine, container, service, prepared };
  try {
    const pid = await until(`${name} has a process`, () => pidWhile(started), PID_TIMEOUT_MS);
    await whenReady(name, { host: HOST, port: plan.port, ...manifest.ready }, service);
    return runningTarget(manifest, started, { pid, port: plan.port });
  } catch (error) {
    await stopContainer(started);
    throw error;
  }
}

/** Null while there is none yet. Throws when the command has ended: there will be none. */
function pidWhile({ engine, container, service }: Started): Promise<number | null> {
  if (!service.alive()) {
    throw new Error(`${engine.name} run has ended: ${service.output().trim()}`);
  }
  return pidOf(engine, container);
}

function runningTarget(
  { reload, command }: Manifest,
  started: Started,
  { pid, port }: { readonly pid: number; readonly port: number },
): RunningTarget {
  const { service, prepared } = started;
  return {
    host: HOST,
    port,
    configs: prepared.configs,
    pid,
    alive: service.alive,
    output: service.output,
    reload: reload === undefined ? null : () => reloadContainer(reload, command, started),
    stop: () => stopContainer(started),
  };
}

async function reloadContainer(
  reload: NonNullable<Manifest['reload']>,
  command: Manifest['command'],
  { engine, container, prepared }: Started,
): Promise<void> {
  const words =
    'signal' in reload
      ? ['kill', '--signal', reload.signal, container]
      : ['exec', container, command?.names?.[0] ?? '', ...prepared.words(reload.command)];
  const { code, output } = await ask(engine.executable, words);
  if (code !== 0) throw new Error(`${container} did not reload: ${lastLineOf(output)}`);
}

/** Asks it to end, and removes it when it doesn't. The command that ran it ends with it. */
async function stopContainer({ engine, container, service }: Started): Promise<void> {
  const options = { timeoutMs: STOP_TIMEOUT_MS };
  const asked = await ask(
    engine.executable,
    ['stop', '--time', `${STOP_GRACE_S}`, container],
    options,
  );
  if (asked.code !== 0) await ask(engine.executable, ['rm', '--force', container], options);
  await service.stop();
  running.delete(container);
}
