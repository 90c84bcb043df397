/**
 * WebSocket: messages that the upstream sends back, one at a time on each of many connections.
 *
 * Bounds: 32 connections, 2 seconds, messages of 64 bytes; 2 seconds to open all.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';

import { requestsOf } from '../tiers/requests.ts';
import { Latencies } from './latencies.ts';
import { ownCpu } from './own-cpu.ts';
import type { Outcome, Scene, ScenarioPlay } from './scenario.ts';
import { clientFrame, handshake, isAccepted, ServerFrames } from './websocket-codec.ts';

const SECONDS = 2;
const CONNECTIONS = 32;
const OPEN_TIMEOUT_MS = 2000;
const MESSAGE = 'm'.repeat(64);
const HEAD_MAX_BYTES = 16_384;

export const websocket: ScenarioPlay = {
  name: 'websocket',
  seconds: SECONDS + 1,
  ownUpstream: false,
  changesProcesses: false,
  play,
};

async function play(scene: Scene): Promise<Outcome> {
  const opened = await Promise.allSettled(
    Array.from({ length: CONNECTIONS }, () => openConnection(scene)),
  );
  const sockets = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const faults = opened.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  try {
    const share = ownCpu();
    const roundTrip = new Latencies();
    const deadlineMs = performance.now() + SECONDS * 1000;
    const ended = await Promise.all(
      sockets.map((socket) => exchange(socket, { deadlineMs, roundTrip, signal: scene.signal })),
    );
    const broken = ended.filter((well) => !well).length;
    if (broken > 0) faults.push(`${broken} connections broke or brought another message back`);
    return {
      requests: roundTrip.count,
      figures: {
        connections: CONNECTIONS,
        messages: roundTrip.count,
        messagesPerS: roundTrip.count / SECONDS,
        roundTripP50Us: roundTrip.percentileUs(50),
        roundTripP99Us: roundTrip.percentileUs(99),
      },
      histograms: { roundTrip: roundTrip.encoded() },
      generator: { cpuShare: share(), lagP99Us: null },
      faults: faults.slice(0, 3),
    };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Connects and upgrades. Rejects with what was answered instead. */
function openConnection({ running, tier, token }: Scene): Promise<Socket> {
  const [spec] = requestsOf(tier, 'ws', token);
  const { host, port } = running;
  const { text, key } = handshake(`${host}:${port}`, spec?.path ?? '/', spec?.headers ?? {});
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(`a WebSocket does not open: ${why}`));
    };
    const late = setTimeout(() => fail(`not within ${OPEN_TIMEOUT_MS} ms`), OPEN_TIMEOUT_MS);
    let head = '';
    const read = (piece: Buffer): void => {
      head += piece.toString('latin1');
      if (!head.includes('\r\n\r\n') && head.length < HEAD_MAX_BYTES) return;
      clearTimeout(late);
      socket.off('data', read);
      if (isAccepted(head, key)) resolve(socket);
      else fail(head.split('\r\n')[0] ?? 'nothing');
    };
    socket.on('data', read);
    socket.on('error', ({ message }) => fail(message));
    socket.once('close', () => {
      clearTimeout(late);
      fail('it was closed');
    });
    socket.write(text);
  });
}

interface Exchange {
  readonly deadlineMs: number;
  readonly roundTrip: Latencies;
  readonly signal: AbortSignal;
}

/** Message after message until the deadline; resolves to whether each came back as it was sent. */
function exchange(socket: Socket, { deadlineMs, roundTrip, signal }: Exchange): Promise<boolean> {
  return new Promise((resolve) => {
    const frames = new ServerFrames();
    let sentMs = 0;
    const late = setTimeout(() => resolve(false), deadlineMs - performance.now() + OPEN_TIMEOUT_MS);
    const end = (well: boolean): void => {
      clearTimeout(late);
      socket.removeAllListeners('data');
      resolve(well);
    };
    const send = (): void => {
      sentMs = performance.now();
      socket.write(clientFrame(MESSAGE));
    };
    socket.on('data', (piece: Buffer) => {
      for (const message of messagesIn(frames, piece)) {
        const now = performance.now();
        if (message !== MESSAGE) return end(false);
        roundTrip.add((now - sentMs) * 1000);
        if (now >= deadlineMs || signal.aborted) return end(true);
        send();
      }
      return undefined;
    });
    socket.once('close', () => end(false));
    send();
  });
}

/** What is no frame counts as a message that was not sent. */
function messagesIn(frames: ServerFrames, piece: Buffer): readonly string[] {
  try {
    return frames.take(piece);
  } catch {
    return [''];
  }
}
