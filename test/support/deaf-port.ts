/**
 * A port on 127.0.0.1 that neither accepts nor refuses: a listener that never calls accept, with
 * its queue full, so that a further connection waits for an answer that does not come.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';

import { sleep } from '../../arena/host/wait.ts';

const LISTENER = `
const { createServer } = require('node:net');
const server = createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

export class DeafPort {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #queued: readonly Socket[];

  private constructor(child: ChildProcess, port: number, queued: readonly Socket[]) {
    this.#child = child;
    this.port = port;
    this.#queued = queued;
  }

  static async open(): Promise<DeafPort> {
    const child = spawn(process.execPath, ['-e', LISTENER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    process.once('exit', () => child.kill('SIGKILL'));
    const port = await new Promise<number>((resolve) => {
      child.stdout?.once('data', (text: Buffer) => resolve(Number(text)));
    });
    const queued = Array.from({ length: 8 }, () => connect({ port, host: '127.0.0.1' }));
    for (const socket of queued) socket.unref().on('error', () => {});
    child.unref();
    await sleep(100);
    return new DeafPort(child, port, queued);
  }

  stop(): void {
    for (const socket of this.#queued) socket.destroy();
    this.#child.kill('SIGKILL');
  }
}
