/**
 * One side of the comparison as a running gateway, on the core that all sides share.
 *
 * @module
 */

import { join } from 'node:path';

import { type Service, start } from '../../arena/adapters/processes.ts';
import { makeCredentials } from '../../arena/tiers/credentials.ts';
import { LIMITS } from '../../arena/tiers/limits.ts';
import { probe } from '../../arena/tiers/probe.ts';
import { freePort } from '../../arena/host/ports.ts';
import { childrenOf } from '../../arena/host/processes.ts';
import { sleep, until } from '../../arena/host/wait.ts';
import type { Build } from './builds/builds.ts';
import { internalFailure } from './failure.ts';
import { writeConfig } from './side-folder.ts';

/** All sides take turns here. */
export const GATEWAY_CORE = '0';
/** What sends, what answers, and this process. */
export const LOAD_CORE = '1';
const HOST = '127.0.0.1';
/** Before the others, where that is allowed; nice(1) goes on where it is not. */
const NICENESS = '-10';
const START_TIMEOUT_MS = 20_000;

/** `base-again` is another process of base: what differs between the two is the environment. */
export const SIDES = ['base', 'head', 'base-again'] as const;
export type SideName = (typeof SIDES)[number];

export const FRONTS = ['uws', 'native'] as const;
export type Front = (typeof FRONTS)[number];

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface SidePlan {
  readonly name: SideName;
  readonly build: Build;
  /** Made by `openFolder`. */
  readonly folder: string;
  readonly upstream: Address;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Side {
  readonly plan: SidePlan;
  readonly addresses: Readonly<Record<Front, Address>>;
  readonly service: Service;
  /** The process that serves. */
  readonly workerPid: number;
}

/** Starts a build and waits until it answers. Rejects, with its output, when it does not. */
export async function startSide(plan: SidePlan): Promise<Side> {
  const { name, build, folder, upstream, env } = plan;
  const addresses = {
    uws: { host: HOST, port: await freePort() },
    native: { host: HOST, port: await freePort() },
  };
  const file = writeConfig(folder, `${name}.yaml`, {
    UWS_PORT: `${addresses.uws.port}`,
    NATIVE_PORT: `${addresses.native.port}`,
    UPSTREAM: `${upstream.host}:${upstream.port}`,
  });
  const gateway = [process.execPath, join(build.folder, 'bin/stoa-gateway'), 'run', '-c', file];
  const surroundings = env === undefined ? {} : { env };
  const service = start(GATEWAY_CORE, 'nice', ['-n', NICENESS, ...gateway], surroundings);
  const answers = async (): Promise<boolean> => {
    if (!service.alive()) throw new Error(service.output());
    return fetch(`http://${HOST}:${addresses.native.port}/`).then(
      () => true,
      () => false,
    );
  };
  try {
    await until('the gateway answers', answers, START_TIMEOUT_MS);
    const [workerPid] = childrenOf(service.pid);
    if (workerPid === undefined) throw new Error(`it has no worker: ${service.output()}`);
    return { plan, addresses, service, workerPid };
  } catch (error) {
    await service.stop();
    const why = error instanceof Error ? error.message : String(error);
    throw internalFailure(`${name}, ${build.commit.slice(0, 12)}, does not start: ${why}`, error);
  }
}

/**
 * Makes sure that all sides do the job that is measured, on each of the fronts. Rejects otherwise.
 * Both fronts of a process count into the same limits, so a second one waits for those to recover.
 */
export async function assertDoTheJob(
  sides: readonly Side[],
  fronts: readonly Front[],
): Promise<void> {
  const credentials = await makeCredentials();
  for (const [at, front] of fronts.entries()) {
    if (at > 0) await sleep(LIMITS.few.windowS * 1000);
    for (const { plan, addresses } of sides) {
      const subject = { target: 'stoa', ...addresses[front], upstream: plan.upstream, credentials };
      const { checks } = await probe({ ...subject, tier: 'full', routed: true });
      const faults = checks.filter(({ passed }) => !passed);
      if (faults.length === 0) continue;
      const told = faults.map((fault) => `${fault.name}: ${fault.detail}`).join('; ');
      throw internalFailure(
        `${plan.name}, ${plan.build.commit.slice(0, 12)}, does not do the job on the front ${front}, so it is not timed: ${told}`,
      );
    }
  }
}
