/**
 * What every load benchmark begins and ends with: the upstream, the targets that do the whole job,
 * and stopping them all.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

import type { Service } from '../../arena/adapters/processes.ts';
import { until } from '../../arena/host/wait.ts';
import { faultsOf } from './probe.ts';
import { Stage } from './stage.ts';
import { type Missing, startUpstream, type Target } from './targets.ts';

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));

const UPSTREAM_TIMEOUT_MS = 5000;
/** What is shown of each process's output when a run fails. */
const OUTPUT_SHOWN = 4000;

const TOOLS = {
  nginx: 'apt-get install nginx-light (the upstream, too, is nginx)',
  wrk: 'apt-get install wrk',
  taskset: 'apt-get install util-linux',
} as const;

export interface Scene {
  readonly stage: Stage;
  readonly upstream: Service;
  readonly targets: readonly Target[];
  readonly missing: readonly Missing[];
}

/** What a benchmark needs beside what all do: the command and how to get it. */
type Tools = Readonly<Record<string, string>>;

type StartTargets = (stage: Stage) => Promise<{ targets: Target[]; missing: Missing[] }>;

function requireTools(tools: Tools): void {
  if (cpus().length < 2) throw new Error('two cores are needed: one for the target alone');
  for (const [tool, how] of Object.entries(tools)) {
    try {
      execFileSync('sh', ['-c', `PATH="$PATH:/usr/sbin" command -v ${tool}`], { stdio: 'ignore' });
    } catch {
      throw new Error(`missing: ${tool}; get it: ${how}`);
    }
  }
}

async function isUp(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/api/small`)).ok;
  } catch {
    return false;
  }
}

/** Sets the scene, runs `play`, and stops every process whatever happened. */
export async function withScene(
  startAll: StartTargets,
  play: (scene: Scene) => Promise<void>,
  more: Tools = {},
): Promise<void> {
  requireTools({ ...TOOLS, ...more });
  const stage = await Stage.open();
  const upstream = await startUpstream(stage);
  const services = [upstream];
  try {
    await until('the upstream answers', () => isUp(stage.upstreamPort), UPSTREAM_TIMEOUT_MS);
    const { targets, missing } = await startAll(stage);
    services.push(...targets.map(({ service }) => service));
    const fit: Target[] = [];
    for (const target of targets) {
      const faults = await faultsOf(target);
      if (faults.length === 0) fit.push(target);
      else missing.push({ name: target.name, why: `does not do the job: ${faults.join('; ')}` });
    }
    await play({ stage, upstream, targets: fit, missing });
  } catch (error) {
    for (const service of services) process.stderr.write(service.output().slice(-OUTPUT_SHOWN));
    throw error;
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
}
