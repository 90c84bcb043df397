/**
 * Slow clients: 1 000 connections that send a request's head a byte at a time, beside a client that
 * behaves. What does that one notice? Its p99 beside them is to be held against its p99 alone.
 *
 * Bounds: 1 000 connections, opened 100 at a time; two windows of 2 seconds.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';

import { percentileUs } from '../load/histogram.ts';
import { faultsOf } from '../run/block.ts';
import { requestsOf } from '../tiers/requests.ts';
import {
  besideSpec,
  BODY_BYTES,
  cpuShareOf,
  failedRequests,
  type Outcome,
  type Scene,
  type ScenarioPlay,
} from './scenario.ts';

const SECONDS = 2;
const SLOW_CONNECTIONS = 1000;
const RAMP_BATCH = 100;
const CONNECT_TIMEOUT_MS = 2000;
/** Each connection sends a byte this often, a part of them at a time. */
const PIECE_MS = 1000;
const PIECE_PARTS = 50;

export const slowClients: ScenarioPlay = {
  name: 'slow-clients',
  seconds: 2 * SECONDS + 1,
  ownUpstream: false,
  changesProcesses: false,
  play,
};

async function play(scene: Scene): Promise<Outcome> {
  const requests = requestsOf(scene.tier, `bytes/${BODY_BYTES}`, scene.token);
  const spec = besideSpec(scene, requests, SECONDS);
  const alone = await scene.driver.run(spec, scene.loadCores);
  const crowd = await dribble(scene);
  try {
    const beside = await scene.driver.run(spec, scene.loadCores);
    return {
      requests: alone.answered + beside.answered,
      figures: {
        slowConnections: SLOW_CONNECTIONS,
        heldConnections: crowd.held(),
        errors: failedRequests(beside),
        p99AloneUs: percentileUs(alone.latency, 99),
        p99BesideUs: percentileUs(beside.latency, 99),
      },
      histograms: { latencyAlone: alone.latency, latencyBeside: beside.latency },
      generator: {
        cpuShare: Math.max(cpuShareOf(alone), cpuShareOf(beside)),
        lagP99Us: lagOf([alone.lag, beside.lag]),
      },
      faults: faultsOf(alone),
    };
  } finally {
    crowd.end();
  }
}

function lagOf(lags: readonly (string | null)[]): number | null {
  const known = lags.filter((lag) => lag !== null).map((lag) => percentileUs(lag, 99));
  return known.length === 0 ? null : Math.max(...known);
}

interface Crowd {
  /** Connections that are still open: a target that ends them early has an easier time. */
  readonly held: () => number;
  readonly end: () => void;
}

/** Opens the connections and keeps them sending. */
async function dribble({ running, signal }: Scene): Promise<Crowd> {
  const open = new Set<Socket>();
  const head = `GET /api/bytes/${BODY_BYTES} HTTP/1.1\r\nHost: ${running.host}\r\nX-Slow: `;
  for (let count = 0; count < SLOW_CONNECTIONS && !signal.aborted; count += RAMP_BATCH) {
    const batch = Array.from({ length: RAMP_BATCH }, () => openOne(running, head, open));
    await Promise.all(batch);
  }
  let part = 0;
  const timer = setInterval(() => {
    part = (part + 1) % PIECE_PARTS;
    for (const [index, socket] of [...open].entries()) {
      if (index % PIECE_PARTS === part && socket.writable) socket.write('x');
    }
  }, PIECE_MS / PIECE_PARTS);
  return {
    held: () => open.size,
    end: () => {
      clearInterval(timer);
      for (const socket of open) socket.destroy();
    },
  };
}

/** Resolves when it is open, or never will be. */
function openOne(
  { host, port }: Scene['running'],
  head: string,
  open: Set<Socket>,
): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    const late = setTimeout(() => socket.destroy(), CONNECT_TIMEOUT_MS);
    socket.resume();
    socket.once('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(late);
      open.delete(socket);
      resolve();
    });
    socket.once('connect', () => {
      clearTimeout(late);
      open.add(socket);
      socket.write(head);
      resolve();
    });
  });
}
