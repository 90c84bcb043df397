/**
 * The TLS client (handshakes/): full or resumed handshakes with one request each, or requests on
 * connections that stay.
 *
 * @module
 */

import { join } from 'node:path';

import { run } from '../../arena/adapters/processes.ts';
import { BODY_BYTES, type Body, CALLER } from './stage.ts';
import { LOAD_CORE } from './targets.ts';
import type { Version } from './tls-session.ts';

export const TASKS = ['full', 'resumed', 'bulk'] as const;
export type Task = (typeof TASKS)[number];

/** What is asked for: next to nothing beside a handshake, much on a connection that stays. */
const BODY_OF: Readonly<Record<Task, Body>> = { full: 'small', resumed: 'small', bulk: 'huge' };

/** What the client prints. */
interface Printed {
  readonly requests: number;
  readonly handshakes: number;
  /** Of the handshakes. */
  readonly resumed: number;
  /** Session tickets that the target gave with TLS 1.3. */
  readonly tickets: number;
  readonly seconds: number;
  readonly faults: number;
  readonly faultKinds: readonly string[];
}

export interface HandshakesResult extends Printed {
  /** Bytes of bodies. */
  readonly bodyBytes: number;
  /** Why it does not count; empty when it does. */
  readonly void: string;
}

export interface HandshakesPlan {
  readonly port: number;
  readonly version: Version;
  readonly task: Task;
  readonly connections: number;
  readonly seconds: number;
}

/** `make bench-load` builds it from bench/load/handshakes. */
const CLIENT = join(import.meta.dirname, '../../../.build/handshakes/release/handshakes');

export async function handshakes(plan: HandshakesPlan): Promise<HandshakesResult> {
  const { port, version, task, connections, seconds } = plan;
  const body = BODY_OF[task];
  const flags: Readonly<Record<string, string | number>> = {
    port,
    task,
    tls: version,
    path: `/api/${body}`,
    key: CALLER.key,
    'body-bytes': BODY_BYTES[body],
    seconds,
    connections,
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const result: Printed = JSON.parse(await run(LOAD_CORE, CLIENT, args));
  const voids = [
    result.faults > 0 ? `${result.faults} faults: ${result.faultKinds.join(', ')}` : '',
    result.requests === 0 ? 'nothing was answered' : '',
    wrongKind(task, connections, result),
  ];
  return {
    ...result,
    bodyBytes: result.requests * BODY_BYTES[body],
    void: voids.filter(Boolean).join('; '),
  };
}

/** Handshakes of the other kind: when resuming, only the first of each connection is a full one. */
function wrongKind(task: Task, connections: number, { handshakes: all, resumed }: Printed): string {
  const full = all - resumed;
  if (task === 'resumed') return full > connections ? `${full} full handshakes` : '';
  return resumed > 0 ? `${resumed} resumed handshakes` : '';
}
