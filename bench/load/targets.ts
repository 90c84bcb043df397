/**
 * What is compared: how each target is started, on which core, with which file.
 *
 * The same job for all: API key among a thousand (401 without), a rate limit that is counted and
 * never reached, x-consumer and x-tenant set, the key and x-debug removed, a request id in both
 * directions, X-Forwarded-*, keep-alive on both sides, no access log.
 *
 * @module
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { type Service, start } from '../../arena/adapters/processes.ts';
import type { Certified, Stage } from './stage.ts';

/** The project's folder, from dist/bench/load. */
const PROJECT = join(import.meta.dirname, '../../..');

/** One core for the target … */
const TARGET_CORE = '0';
/** … and one for what sends and what answers. */
export const LOAD_CORE = '1';

export interface Target {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  readonly service: Service;
  /** With TLS, the PEM of the certificate that it shows. */
  readonly certificate?: string;
}

/** A target that can't be had here, and why. */
export interface Missing {
  readonly name: string;
  readonly why: string;
}

/** What a benchmark puts into the targets' configurations, by the names in `peers/`. */
export type More = Readonly<Record<string, string>>;

type Start = (stage: Stage, more: More) => Promise<Target>;
type Starts = Readonly<Record<string, Start>>;

function output(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** nginx prints its version to standard error. */
function nginxVersion(): string {
  return output('sh', ['-c', 'PATH="$PATH:/usr/sbin" nginx -v 2>&1'])
    .replace(/.*nginx\//s, '')
    .trim();
}

function sbin(name: string): string {
  return output('sh', ['-c', `PATH="$PATH:/usr/sbin" command -v ${name}`]).trim();
}

/** The gateway with `workers` worker processes on `cores`, behind one of its fronts. */
export async function startGateway(
  stage: Stage,
  name = 'gateway',
  { workers = 1, cores = TARGET_CORE, front = 'uws', tls = '' } = {},
  more: More = {},
): Promise<Target> {
  const { file, port } = await stage.render('gateway.yaml', `${name}.yaml`, {
    ...more,
    WORKERS: `${workers}`,
    FRONT: front,
    TLS: tls,
  });
  const binary = join(PROJECT, 'bin/stoa-gateway');
  const service = start(cores, process.execPath, [binary, 'run', '-c', file]);
  return { name, version: `Node ${process.version}`, port, service };
}

async function startNginx(stage: Stage, more: More = {}): Promise<Target> {
  const binary = sbin('nginx');
  const { file, port } = await stage.render('nginx.conf', 'nginx.conf', more);
  const service = start(TARGET_CORE, binary, ['-p', stage.folder, '-e', 'stderr', '-c', file]);
  return { name: 'nginx', version: nginxVersion(), port, service };
}

const STARTS: Starts = {
  gateway: (stage, more) => startGateway(stage, 'gateway', {}, more),
  native: (stage, more) => startGateway(stage, 'native', { front: 'native' }, more),
  nginx: startNginx,
};

/** The same with TLS, of both versions, tickets and the same certificate. */
function startsWithTls({ cert, key, text }: Certified): Starts {
  const tls = `tls: { certificates: [{ cert: ${cert}, key: ${key} }] }`;
  const directives = [
    `ssl_certificate ${cert};`,
    `ssl_certificate_key ${key};`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    'ssl_session_tickets on;',
    'proxy_max_temp_file_size 0;',
  ];
  const values = { LISTEN_TLS: ' ssl', TLS: directives.join(' ') };
  return {
    native: async (stage) => ({
      ...(await startGateway(stage, 'native', { front: 'native', tls })),
      certificate: text,
    }),
    nginx: async (stage) => ({ ...(await startNginx(stage, values)), certificate: text }),
  };
}

/** Starts the targets of these names that can be had with TLS. */
export function startTlsTargets(stage: Stage, names: readonly string[]): Started {
  return startTargets(stage, names, { starts: startsWithTls(stage.certify()) });
}

type Started = Promise<{ targets: Target[]; missing: Missing[] }>;

/** Starts the targets of these names that can be had. */
export async function startTargets(
  stage: Stage,
  names: readonly string[],
  { starts = STARTS, more = {} }: { readonly starts?: Starts; readonly more?: More } = {},
): Started {
  const targets: Target[] = [];
  const missing: Missing[] = [];
  for (const name of names) {
    try {
      const target = await starts[name]?.(stage, more);
      if (target !== undefined) targets.push(target);
      else missing.push({ name, why: 'there is no target of this name' });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      missing.push({ name, why: reason.split('\n')[0] ?? reason });
    }
  }
  return { targets, missing };
}

/** Starts the upstream, on the core of the load. */
export async function startUpstream(stage: Stage): Promise<Service> {
  const { file } = await stage.render('upstream.conf', 'upstream.conf', {
    PORT: `${stage.upstreamPort}`,
  });
  return start(LOAD_CORE, sbin('nginx'), ['-p', stage.folder, '-e', 'stderr', '-c', file]);
}
