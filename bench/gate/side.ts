/**
 * One side of the comparison as a running gateway, on the core that all sides share.
 *
 * @module
 */

import { join } from 'node:path';

import { freePort } from '../../test/support/ports.ts';
import { childrenOf } from '../../test/support/processes.ts';
import { until } from '../../test/support/wait.ts';
import { faultsOf } from '../load/probe.ts';
import { type Service, start } from '../load/processes.ts';
import type { Stage } from '../load/stage.ts';
import type { Build } from './builds/builds.ts';
import { internalFailure } from './failure.ts';

/** All sides take turns here; what sends and what answers is on the other core. */
export const GATEWAY_CORE = '0';
/** What sends, what answers, and this process. */
export const LOAD_CORE = '1';
export const GATEWAY_HOST = '127.0.0.1';
const START_TIMEOUT_MS = 20_000;
const TEMPLATE = '../../gate/gateway.yaml';

/** `base-again` is another process of base: what differs between the two is the environment. */
export const SIDES = ['base', 'head', 'base-again'] as const;
export type SideName = (typeof SIDES)[number];

export const FRONTS = ['uws', 'native'] as const;
export type Front = (typeof FRONTS)[number];

export interface Side {
  readonly name: SideName;
  readonly commit: string;
  readonly ports: Readonly<Record<Front, number>>;
  readonly service: Service;
  /** The process that serves. */
  readonly workerPid: number;
}

/** Starts a build and waits until it answers. Rejects, with its output, when it does not. */
export async function startSide(
  stage: Stage,
  name: SideName,
  build: Build,
  env: Readonly<Record<string, string>> = {},
): Promise<Side> {
  const native = await freePort();
  const { file, port } = await stage.render(TEMPLATE, `${name}.yaml`, {
    NATIVE_PORT: `${native}`,
  });
  const settings = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const command = [process.execPath, join(build.folder, 'bin/stoa-gateway'), 'run', '-c', file];
  const service = start(GATEWAY_CORE, 'env', [...settings, ...command]);
  const answers = async (): Promise<boolean> => {
    if (!service.alive()) throw new Error(service.output());
    return fetch(`http://127.0.0.1:${native}/`).then(
      () => true,
      () => false,
    );
  };
  try {
    await until('the gateway answers', answers, START_TIMEOUT_MS);
    const [workerPid] = childrenOf(service.pid);
    if (workerPid === undefined) throw new Error(`it has no worker: ${service.output()}`);
    return { name, commit: build.commit, ports: { uws: port, native }, service, workerPid };
  } catch (error) {
    await service.stop();
    const why = error instanceof Error ? error.message : String(error);
    throw internalFailure(`${name}, ${build.commit.slice(0, 12)}, does not start: ${why}`, error);
  }
}

/** Makes sure that a side does the job that is measured, on both fronts. Rejects otherwise. */
export async function assertDoesTheJob({ name, commit, ports, service }: Side): Promise<void> {
  for (const front of FRONTS) {
    const port = ports[front];
    const faults = await faultsOf({ name: `${name} (${front})`, version: '', port, service });
    if (faults.length > 0) {
      throw internalFailure(
        `${name}, ${commit.slice(0, 12)}, does not do the job on the front ${front}: ${faults.join('; ')}. What does not do the work is not timed.`,
      );
    }
  }
}
