/**
 * What a well-behaved client is measured beside: our own attacker's connections, and the four
 * attacks of slowhttptest. All on the core of the load, with the least priority there is: what an
 * attack costs the client that shares that core is not the target's doing.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { type Service, startBehind } from '../../arena/adapters/processes.ts';
import { freePort } from '../../arena/host/ports.ts';
import { sleep, until } from '../../arena/host/wait.ts';
import { LOAD_CORE, type Missing, type More } from './targets.ts';

const READY_TIMEOUT_MS = 30_000;
/** slowhttptest does not say when it is there: 1 000 connections at 500 a second. */
const RAMP_MS = 2500;
/** Until the kernel's buffers are full of what nobody reads: a download of some 500 MB. */
const FILL_MS = 4000;
/** Longer than any window. */
const LENGTH_S = 600;

export interface Attack {
  readonly name: string;
  /** Begins against a port; resolves when it is at its height. */
  readonly begin: (port: number) => Promise<Service>;
}

function own(name: string, kind: string, count: number, settleMs = 0): Attack {
  const begin = async (port: number): Promise<Service> => {
    const program = join(import.meta.dirname, 'attacker.js');
    const service = startBehind(LOAD_CORE, process.execPath, [
      program,
      kind,
      `${port}`,
      `${count}`,
    ]);
    const isReady = (): boolean => {
      if (!service.alive()) throw new Error(`the attacker has ended: ${service.output()}`);
      return service.output().includes('ready');
    };
    try {
      await until(`${name} are there`, isReady, READY_TIMEOUT_MS);
      await sleep(settleMs);
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  };
  return { name, begin };
}

function slowhttptest(
  mode: string,
  what: string,
  path: string,
  flags: readonly string[],
  rampMs = RAMP_MS,
): Attack {
  const begin = async (port: number): Promise<Service> => {
    const url = `http://127.0.0.1:${port}${path}`;
    const args = [mode, '-u', url, '-l', `${LENGTH_S}`, '-v', '0', ...flags];
    const service = startBehind(LOAD_CORE, 'slowhttptest', args);
    await sleep(rampMs);
    return service;
  };
  return { name: `slowhttptest ${mode}, ${what}`, begin };
}

const OWN: readonly Attack[] = [
  own('10 000 idle connections', 'idle', 10_000),
  own('5 000 slow heads and bodies', 'slow', 5000),
  own('1 000 at an upstream that never answers', 'silent', 1000),
  own('200 at an upstream that trickles', 'trickle', 200),
  own('100 that read nothing of 64 MiB', 'deaf', 100, FILL_MS),
];

const CROWD = ['-c', '1000', '-r', '500'];
const SLOWHTTPTEST: readonly Attack[] = [
  slowhttptest('-H', 'slow heads', '/open/small', [...CROWD, '-i', '1', '-x', '24']),
  slowhttptest('-B', 'slow bodies', '/tarpit/read', [...CROWD, '-i', '1', '-x', '10']),
  slowhttptest(
    '-X',
    'slow reading',
    '/tarpit/big',
    ['-c', '100', '-r', '100', '-w', '512', '-y', '1024', '-n', '1', '-z', '32'],
    FILL_MS,
  ),
  slowhttptest('-R', 'many ranges', '/open/large', ['-c', '2000', '-r', '200']),
];

/** The attacks that can be made here. */
export function attacks(): { attacks: readonly Attack[]; missing: readonly Missing[] } {
  try {
    execFileSync('sh', ['-c', 'command -v slowhttptest'], { stdio: 'ignore' });
    return { attacks: [...OWN, ...SLOWHTTPTEST], missing: [] };
  } catch {
    const why = 'not installed; get it: apt-get install slowhttptest';
    return { attacks: OWN, missing: SLOWHTTPTEST.map(({ name }) => ({ name, why })) };
  }
}

/** Starts the upstream that attacks go to, and gives what the targets must know of it. */
export async function startTarpit(): Promise<{ service: Service; more: More }> {
  const port = await freePort();
  const service = startBehind(LOAD_CORE, process.execPath, [
    join(import.meta.dirname, 'tarpit.js'),
    `${port}`,
  ]);
  const url = `http://127.0.0.1:${port}`;
  const more = {
    NGINX_CONNECTIONS: '20000',
    MORE_UPSTREAMS: `  tarpit: { endpoints: [{ url: "${url}" }], connections: { max: 4096 } }`,
    MORE_ROUTES: `  - { name: open, match: { path: /open/* }, upstream: backend }
  - { name: tarpit, match: { path: /tarpit/* }, upstream: tarpit }`,
    // Its files would hold what a client does not read.
    MORE_LOCATIONS: `location /open/ { proxy_pass http://backend; }
    location /tarpit/ { proxy_pass ${url}; proxy_max_temp_file_size 0; }`,
  };
  return { service, more };
}
