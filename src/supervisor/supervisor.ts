/**
 * Keeps N workers alive until told to stop, and then sees them out.
 *
 * Bounds: N processes; a drain ends after its deadline plus one second, by SIGKILL; a gateway
 * whose workers die five times before all of them were once ready gives up.
 *
 * @module
 */

import type { ChildProcess } from 'node:child_process';

import type { Address } from '../config/address.ts';
import type { Log } from '../telemetry/log.ts';
import { WorkerSlot } from './slot.ts';
import { StallWatch } from './stall.ts';

export interface SupervisorOptions {
  readonly workers: number;
  readonly modelJson: string;
  readonly addresses: readonly Address[];
  readonly fork: (index: number) => ChildProcess;
  /** The age of each worker's heartbeat, by index, in ms. */
  readonly heartbeatAgesMs: () => readonly number[];
  /** A worker silent for longer is killed and replaced; 0 watches nothing. */
  readonly stallMs: number;
  readonly drainMs: number;
  readonly log: Log;
  /** Called once, when every worker accepts for the first time. */
  readonly onReady?: () => void;
  readonly startMaxMs?: number;
}

const EARLY_DEATHS_MAX = 5;
const START_MAX_MS = 120_000;
const CHECK_MAX_MS = 1000;

/** What a worker gets beyond the deadline to close by itself and say goodbye. */
const GRACE_MS = 1000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: readonly WorkerSlot[];
  #everReady = false;
  #earlyDeaths = 0;
  #draining = false;
  #exitCode = 0;
  #timers: NodeJS.Timeout[] = [];
  #finish: (exitCode: number) => void = () => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { fork, log, modelJson, addresses, startMaxMs = START_MAX_MS } = options;
    this.#slots = Array.from(
      { length: options.workers },
      (_, index) =>
        new WorkerSlot({
          start: { type: 'start', index, modelJson, addresses },
          startMaxMs,
          fork,
          log,
          onReady: () => this.#ready(),
          onFailed: () => this.#failed(),
          onGone: () => this.#gone(),
        }),
    );
  }

  get readiness(): { wanted: number; ready: number; draining: boolean } {
    const ready = this.#slots.filter((slot) => slot.readyForMs !== undefined).length;
    return { wanted: this.#slots.length, ready, draining: this.#draining };
  }

  get restarts(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.restarts, 0);
  }

  /** Forks the workers. Resolves to the exit code when the last is gone after a drain. */
  run(): Promise<number> {
    const finished = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    for (const slot of this.#slots) slot.fork();
    this.#watch();
    return finished;
  }

  /** Workers finish what is open; those still there at the deadline are killed. Idempotent. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    const { drainMs, log } = this.#options;
    log('info', 'gateway_draining', { deadlineMs: drainMs });
    for (const slot of this.#slots) slot.drain(drainMs);
    this.#timers.push(setTimeout(() => this.#killAll('drain deadline'), drainMs + GRACE_MS));
    this.#gone();
  }

  /** Ends every worker at once. The exit code becomes 1. */
  abort(reason: string): void {
    this.#exitCode = 1;
    this.drain();
    this.#killAll(reason);
  }

  /** Every worker opens its log files by their names again. */
  reloadFiles(): void {
    for (const slot of this.#slots) slot.reloadFiles();
  }

  #watch(): void {
    const { stallMs } = this.#options;
    if (stallMs <= 0) return;
    const periodMs = Math.min(CHECK_MAX_MS, Math.max(20, stallMs / 4));
    const watch = new StallWatch(stallMs, periodMs);
    this.#timers.push(setInterval(() => this.#checkPulses(watch), periodMs));
  }

  #checkPulses(watch: StallWatch): void {
    if (this.#draining) return;
    const ages = this.#options.heartbeatAgesMs();
    const pulses = this.#slots.flatMap(({ index, readyForMs }) =>
      readyForMs === undefined ? [] : [{ index, readyForMs, ageMs: ages[index] ?? Number.NaN }],
    );
    for (const index of watch.check(performance.now(), pulses)) {
      this.#options.log('error', 'worker_stalled', { worker: index, ageMs: ages[index] ?? null });
      this.#slots[index]?.kill('stalled');
    }
  }

  #ready(): void {
    if (this.#everReady || this.readiness.ready < this.#slots.length) return;
    this.#everReady = true;
    this.#options.onReady?.();
  }

  /** A configuration that can't start is for a person to see; later ones are for back-off. */
  #failed(): void {
    if (!this.#everReady) this.#giveUp('a worker cannot start');
  }

  #giveUp(message: string): void {
    if (this.#draining) return;
    this.#exitCode = 1;
    this.#options.log('error', 'gateway_failed', { code: 'worker_failed', message });
    this.drain();
  }

  #gone(): void {
    if (!this.#draining) {
      this.#earlyDeaths += this.#everReady ? 0 : 1;
      if (this.#earlyDeaths >= EARLY_DEATHS_MAX) {
        this.#giveUp(`workers died ${this.#earlyDeaths} times before the gateway was ready`);
      }
      return;
    }
    if (this.#slots.some((slot) => slot.running)) return;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.#finish(this.#exitCode);
  }

  #killAll(reason: string): void {
    for (const slot of this.#slots) slot.kill(reason);
  }
}
