/**
 * What a run needs beside its plan: a folder for what targets write, the load and the upstream, the
 * probe and its tokens. All of it ends with the run.
 *
 * @module
 */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startLoadStage } from '../load/choose.ts';
import { makeCredentials } from '../tiers/credentials.ts';
import { JWKS } from '../tiers/issuer.ts';
import { probe } from '../tiers/probe.ts';
import { BASELINE } from '../tiers/tiers.ts';
import type { Bench } from './bench.ts';
import { Capacities } from './capacity.ts';
import { startMortalUpstream } from './mortal-upstream.ts';

type Given = Pick<Bench, 'plan' | 'write' | 'progress' | 'signal'>;

/** Does `work` with everything there, and takes it down whatever happens. */
export async function withEquipment<Result>(
  given: Given,
  work: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const { cores, driver } = given.plan;
  const folder = mkdtempSync(join(tmpdir(), 'stoa-arena-'));
  try {
    // Targets that give their privileges up must still reach their files.
    chmodSync(folder, 0o755);
    const jwksFile = join(folder, 'jwks.json');
    writeFileSync(jwksFile, JSON.stringify(JWKS));
    const credentials = await makeCredentials();
    const station = await startLoadStage({ driver, cores: cores.load, jwksFile });
    try {
      return await work({
        ...given,
        folder,
        station,
        token: credentials.token,
        capacities: new Capacities(),
        baselines: new Map(),
        startUpstream: () => startMortalUpstream(cores.load),
        probe: ({ name: target }, { host, port }, tier) => {
          const { upstream } = station;
          return probe({
            target,
            host,
            port,
            tier,
            routed: target !== BASELINE,
            upstream,
            credentials,
          });
        },
      });
    } finally {
      await station.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
