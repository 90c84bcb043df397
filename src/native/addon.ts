/**
 * The native addon: the only importer of the `.node` file, and the types of what it exports.
 *
 * Calls of the data plane (`begin`, `body`, `abort`, `flow`) never throw. The others throw an
 * `Error` with one sentence when they can't do their work.
 *
 * @module
 */

import { createRequire } from 'node:module';

import { KIND, RECORD_WORDS } from './record.ts';
import type { Word } from './word.ts';

/** A part of the model that is wrong: its path, joined by dots, and one sentence. */
export interface ModelProblem {
  readonly path: string;
  readonly message: string;
}

/** A request as the `explain` command describes it. */
export interface ExplainRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly clientIp: string;
}

/** What a request would meet. */
export interface Explanation {
  readonly path: string;
  readonly route: string | null;
  readonly consumer: string | null;
  readonly tenant: string | null;
  readonly stages: readonly string[];
  readonly considered: readonly {
    readonly route: string;
    readonly matched: boolean;
    readonly why: string;
  }[];
  readonly outcome:
    | {
        readonly kind: 'forward';
        readonly upstream: string;
        readonly endpoints: readonly string[];
        readonly requestHead: string;
        readonly bodyMaxBytes: number;
      }
    | {
        /** The decision would wait. */
        readonly kind: 'pause';
        readonly stage: string;
      }
    | {
        readonly kind: 'refuse' | 'redirect';
        readonly status: number;
        readonly code: string | null;
        readonly detail: string | null;
      };
}

/** The calls of the data plane. */
interface Bindings {
  /**
   * Decides on a request, given the bytes of its head as text and the address it came from (4 or
   * 16 bytes). Returns an exchange id, with `WANTS_BODY` when the body is to be passed on, or 0
   * when the answer is in `reply`.
   */
  readonly begin: (head: string, peer: ArrayBuffer) => number;
  /**
   * Passes a piece of a request body on. Returns 1 when the front is to wait, 2 when the answer is
   * in `reply` and the exchange is over.
   */
  readonly body: (id: number, chunk: ArrayBuffer, last: boolean) => number;
  /** The downstream is gone. */
  readonly abort: (id: number) => void;
  /** The downstream takes no more for now, or does again. */
  readonly flow: (id: number, paused: boolean) => void;
  readonly records: ArrayBuffer;
  readonly data: ArrayBuffer;
  readonly reply: ArrayBuffer;
}

/** What the shipper of usage events has counted. */
export interface ShipperCounts {
  readonly spoolBytes: number;
  readonly shipped: number;
  readonly torn: number;
  readonly sinkFailures: number;
  readonly sinkUp: boolean;
}

/** Before there is anything to ship; and a sink that nobody uses does not fail. */
export const NOTHING_SHIPPED: ShipperCounts = {
  spoolBytes: 0,
  shipped: 0,
  torn: 0,
  sinkFailures: 0,
  sinkUp: true,
};

/** What stands in a segment of the spool; each array has an item for each event. */
export interface SpoolPortion {
  /** A line of JSON for each event, each ended by LF. */
  readonly lines: string;
  /** Empty where there is none. */
  readonly tenants: readonly string[];
  readonly timesMs: readonly number[];
  /** Where in the segment the one behind it begins. */
  readonly ends: readonly number[];
  /** Whether the request failed: 5xx, or broken off. */
  readonly failures: readonly boolean[];
  /** What stands behind the last one. */
  readonly state: 'more' | 'open' | 'sealed' | 'torn';
  /** Where to go on; for `torn`, if it stays so. */
  readonly next: number;
}

interface Addon {
  createSegment(modelJson: string): number;
  renderMetrics(workers: number, workerRestarts: number, shipper: ShipperCounts): string;
  readSpool(path: string, offset: number): SpoolPortion;
  isLocked(path: string): boolean;
  holdLock(path: string): boolean;
  releaseLock(path: string): void;
  openSpool(meteringJson: string, worker: number): void;
  appendToSpool(tenant: string, status: number, count: number): number;
  heartbeatAgesMs(): number[];
  revoke(kind: number, issuer: string, name: string): boolean;
  undoRevocation(kind: number, issuer: string, name: string): boolean;
  checkModel(modelJson: string): string;
  explainRequest(modelJson: string, requestJson: string): string;
  problemTable(): string;
  metricTable(): string;
  openWorker(
    segmentFd: number,
    index: number,
    modelJson: string,
    onRecords: (count: number) => void,
  ): Bindings;
  setEndpointAddresses(upstream: string, endpoint: number, addresses: readonly string[]): void;
  exchangesInFlight(): number;
  resume(id: number, wordJson: string): void;
  reopenAccessLog(): void;
  reloadCertificates(modelJson: string): void;
  certificateWarnings(): string[];
  closeAccessLog(): void;
  listen(number: number, host: string, port: number): void;
  stopListening(number: number): void;
  drainConnections(): void;
  closeConnections(): void;
  busyConnections(): number;
  compilePolicy(rulesJson: string): number;
  evaluatePolicy(policy: number, inputJson: string): string | null;
}

const addon: Addon = createRequire(import.meta.url)('../../../native/addon/gateway.node');

/**
 * Compiles rules in Rego for this thread: JSON with `files`, `data`, `entrypoint` and `timeoutMs`.
 * Throws with the place of what is wrong. What it returns gives a decision's JSON on an input's,
 * null where the rule is undefined; it throws when the rules fail or take too long.
 */
export function compilePolicy(rulesJson: string): (inputJson: string) => string | null {
  const policy = addon.compilePolicy(rulesJson);
  return (inputJson) => addon.evaluatePolicy(policy, inputJson);
}

/** Makes the shared segment and returns the descriptor that workers inherit. */
export function createSegment(modelJson: string): number {
  return addon.createSegment(modelJson);
}

/** The Prometheus text of every worker's counters. */
export function renderMetrics(known: {
  readonly workers: number;
  readonly restarts: number;
  readonly shipper: ShipperCounts;
}): string {
  return addon.renderMetrics(known.workers, known.restarts, known.shipper);
}

/** A portion of a spool's segment from `offset` on; 0 is its start. Throws when there is none. */
export function readSpool(path: string, offset: number): SpoolPortion {
  return addon.readSpool(path, offset);
}

/** Whether a living process holds the lock `path`. */
export function isLocked(path: string): boolean {
  return addon.isLocked(path);
}

/** Takes the lock `path` until `releaseLock` or the end of this process; false when another has it. */
export function holdLock(path: string): boolean {
  return addon.holdLock(path);
}

export function releaseLock(path: string): void {
  addon.releaseLock(path);
}

/** Opens a spool without a gateway, for tests and benchmarks; `meteringJson` as the model has it. */
export function openSpool(meteringJson: string, worker: number): void {
  addon.openSpool(meteringJson, worker);
}

/** Spools events of `tenant`; returns how many are safe from the death of this process. */
export function appendToSpool(tenant: string, status: number, count: number): number {
  return addon.appendToSpool(tenant, status, count);
}

/** Milliseconds since each worker's loop last turned; `Infinity` for one that never has. */
export function heartbeatAgesMs(): number[] {
  return addon.heartbeatAgesMs();
}

/**
 * Revokes something in every worker, from now on; false when it was already. `kind` is its place in `KINDS` of
 * `src/revocation`. Throws when there is no room.
 */
export function revoke(kind: number, issuer: string, name: string): boolean {
  return addon.revoke(kind, issuer, name);
}

/** Lets what was revoked count again; false when it was not revoked. */
export function undoRevocation(kind: number, issuer: string, name: string): boolean {
  return addon.undoRevocation(kind, issuer, name);
}

/** Everything in a model that only native code can check. */
export function checkModel(modelJson: string): ModelProblem[] {
  return JSON.parse(addon.checkModel(modelJson));
}

/** What a request would meet under a model. Nothing is sent or charged. */
export function explain(modelJson: string, request: ExplainRequest): Explanation {
  return JSON.parse(addon.explainRequest(modelJson, JSON.stringify(request)));
}

/** Every problem code. */
export function problemTable(): { code: string; status: number; title: string; hint: string }[] {
  return JSON.parse(addon.problemTable());
}

/** Every metric. */
export function metricTable(): { name: string; type: string; help: string }[] {
  return JSON.parse(addon.metricTable());
}

/** This process's worker, as the front and the mode use it. */
export interface WorkerCore extends Pick<Bindings, 'begin' | 'body' | 'abort' | 'flow'> {
  /** The records of a turn; valid while the handler of `onRecords` runs. */
  readonly records: Uint32Array;
  readonly data: Uint8Array;
  /** The record of the answer that `begin` gave; valid until the next call. */
  readonly reply: Uint32Array;
  readonly requestIdHeader: string;
  /** Who deals with the records of a turn, given their number. One handler; the last one set. */
  onRecords(handler: (count: number) => void): void;
  /** Who is asked about paused exchanges, given where the record is. The last one set. */
  onPaused(handler: (at: number) => void): void;
  /** Has a record of that kind dealt with. */
  takePaused(at: number): void;
  /**
   * Goes on with a paused exchange; does nothing when it waits no longer. Throws when the word
   * can't be followed, and the exchange has failed.
   */
  resume(id: number, word: Word): void;
  setEndpointAddresses(upstream: string, endpoint: number, addresses: readonly string[]): void;
  exchangesInFlight(): number;
  readonly front: NativeFront;
  /** Goes on in a file opened anew under the access log's name. Throws when there is none to open. */
  reopenLog(): void;
  /**
   * Reads the files of every listener with TLS anew, for connections from now on. Throws, and
   * changes nothing, when something is wrong with one.
   */
  reloadCertificates(): void;
  /** What is worth a line in the log about the certificates in use. */
  certificateWarnings(): readonly string[];
  /** Writes what is left of the access log. */
  close(): void;
}

/** The native front of this process's worker. */
export interface NativeFront {
  /** Accepts as the configuration's listener `number`. Throws when the address can't be bound. */
  listen(number: number, address: { readonly host: string; readonly port: number }): void;
  stopListening(number: number): void;
  /** Lets connections end with the response they are waiting for. */
  drain(): void;
  close(): void;
  /** Connections with a request on its way or a response not taken yet. */
  busy(): number;
}

/** Opens the worker of this process. There is one at most. */
export function openWorker(options: {
  readonly segmentFd: number;
  readonly index: number;
  readonly modelJson: string;
}): WorkerCore {
  const { requestId } = JSON.parse(options.modelJson) as { requestId: { header: string } };
  let ask: (at: number) => void = () => {};
  // Without a front in JavaScript, the only records are those of paused exchanges.
  let handle = (count: number): void => {
    for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS) {
      if (((records[at + 1] ?? 0) & 0xff) === KIND.pause) ask(at);
    }
  };
  const deliver = (count: number): void => handle(count);
  const bindings = addon.openWorker(options.segmentFd, options.index, options.modelJson, deliver);

  const records = new Uint32Array(bindings.records);

  return {
    begin: bindings.begin,
    body: bindings.body,
    abort: bindings.abort,
    flow: bindings.flow,
    records,
    data: new Uint8Array(bindings.data),
    reply: new Uint32Array(bindings.reply),
    requestIdHeader: requestId.header,
    onRecords: (handler) => {
      handle = handler;
    },
    onPaused: (handler) => {
      ask = handler;
    },
    takePaused: (at) => ask(at),
    resume: (id, word) => addon.resume(id, JSON.stringify(word)),
    setEndpointAddresses: (upstream, endpoint, addresses) =>
      addon.setEndpointAddresses(upstream, endpoint, addresses),
    exchangesInFlight: () => addon.exchangesInFlight(),
    front: {
      listen: (number, { host, port }) => addon.listen(number, host, port),
      stopListening: (number) => addon.stopListening(number),
      drain: () => addon.drainConnections(),
      close: () => addon.closeConnections(),
      busy: () => addon.busyConnections(),
    },
    reopenLog: () => addon.reopenAccessLog(),
    reloadCertificates: () => addon.reloadCertificates(options.modelJson),
    certificateWarnings: () => addon.certificateWarnings(),
    close: () => addon.closeAccessLog(),
  };
}
