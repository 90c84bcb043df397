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
  readonly plan: string | null;
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

/** How the count of quotas that gateways share is doing. */
export interface QuotaStoreCounts {
  /** Whether the last round of telling and asking succeeded. */
  readonly up: boolean;
  /** Since the last that did, or since the start. */
  readonly ageMs: number;
  readonly rounds: number;
  readonly failures: number;
  /** How often it was found to have lost something. */
  readonly losses: number;
}

/** Of a gateway that counts for itself. */
export const NOTHING_SHARED: QuotaStoreCounts = {
  up: true,
  ageMs: 0,
  rounds: 0,
  failures: 0,
  losses: 0,
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

/** What one gateway has admitted of a quota in one window. */
export interface QuotaAmount {
  /**
   * Names subject, plan and quota: 32 hexadecimal digits, the same on every gateway. The number of
   * requests that the quota allows is no part of it.
   */
  readonly key: string;
  readonly windowStartMs: number;
  /** From then on nobody asks about this window any more. */
  readonly windowEndMs: number;
  readonly amount: number;
}

/**
 * What holds for quotas. `local`: what this gateway has admitted and what it last heard of the
 * others. `deny`: whoever has a quota gets 503 `quota_unavailable`, and nothing is counted. `allow`:
 * nobody is refused, and everything is counted.
 */
export type QuotaMode = 'local' | 'deny' | 'allow';

/** The file of quotas, and what was found in it. */
export interface OpenedQuotas {
  /** Descriptor that workers inherit. */
  readonly fd: number;
  /** Counters that go on, those whose window has ended, and those that were not what they said. */
  readonly kept: number;
  readonly ended: number;
  readonly damaged: number;
  /** Where a file was put that could not be read. */
  readonly putAside?: string;
}

/** A counter, for people. */
export interface QuotaCounter {
  readonly key: string;
  readonly plan: string;
  readonly per: string;
  readonly timeZone: string;
  readonly by: 'consumer' | 'tenant';
  /** Null where the tenant is what is counted. */
  readonly consumer: string | null;
  readonly tenant: string;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  /** Requests of the window, those of other gateways included as far as they are known. */
  readonly used: number;
  /** Those that this gateway admitted. */
  readonly admitted: number;
  readonly limit: number;
}

interface Addon {
  createSegment(modelJson: string): number;
  openQuotas(modelJson: string): OpenedQuotas | null;
  readQuotas(path: string): string;
  quotaPending(max: number): QuotaAmount[];
  quotaAcknowledge(entries: readonly QuotaAmount[]): void;
  quotaTotal(key: string, windowStartMs: number, total: number): boolean;
  quotaMode(mode: string): void;
  renderMetrics(
    workers: number,
    workerRestarts: number,
    shipper: ShipperCounts,
    quotaStore: QuotaStoreCounts,
  ): string;
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
    quotasFd: number | null,
    onRecords: (count: number) => void,
  ): Bindings;
  setEndpointAddresses(upstream: string, endpoint: number, addresses: readonly string[]): void;
  exchangesInFlight(): number;
  resume(id: number, wordJson: string): void;
  reopenAccessLog(): void;
  noteDecision(
    policy: string,
    effect: string,
    failure: string,
    line: string,
    evaluations: readonly number[],
  ): void;
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

/**
 * Opens the file of quotas for this gateway and its workers; null where no plan has a quota. Throws
 * when another gateway has it, or it is something else.
 */
export function openQuotas(modelJson: string): OpenedQuotas | null {
  return addon.openQuotas(modelJson);
}

/** The counters in a file of quotas, also of a gateway that is running. Throws when it is none. */
export function readQuotas(path: string): QuotaCounter[] {
  return JSON.parse(addon.readQuotas(path));
}

/**
 * What this gateway has admitted and nobody was told of, one entry a counter and at most `max`; those
 * that were left out come first the next time. Nothing is taken by asking: an amount is there until
 * it was acknowledged, also across a restart. So there must not be two who ask. What was admitted in
 * a window that has ended, and in which the subject was not seen again, is told; what was still
 * pending when its counter went on to the next window is forgotten, since it limits nobody.
 *
 * Main process only; throws where no quota is configured.
 */
export function quotaPending(max: number): QuotaAmount[] {
  return addon.quotaPending(max);
}

/**
 * These amounts have been delivered: they are pending no longer. Call it when the shared store has
 * added them, and before `quotaTotal` with what the store said. A crash between the two has them
 * delivered twice, which is the safe side. Counters that have gone on to another window are passed over.
 */
export function quotaAcknowledge(entries: readonly QuotaAmount[]): void {
  addon.quotaAcknowledge(entries);
}

/**
 * What all gateways together have used, **this one's acknowledged amounts included**: the shared
 * store's sum. Workers take from it what this gateway has acknowledged, and add what it has admitted;
 * so their check never sees an amount twice or not at all while it is on its way. False when this
 * gateway has no such counter, or it is in another window.
 */
export function quotaTotal(key: string, windowStartMs: number, total: number): boolean {
  return addon.quotaTotal(key, windowStartMs, total);
}

/** What holds from now on, in every worker; `local` when the gateway starts. */
export function quotaMode(mode: QuotaMode): void {
  addon.quotaMode(mode);
}

/** The Prometheus text of every worker's counters. */
export function renderMetrics(known: {
  readonly workers: number;
  readonly restarts: number;
  readonly shipper: ShipperCounts;
  readonly quotaStore: QuotaStoreCounts;
}): string {
  return addon.renderMetrics(known.workers, known.restarts, known.shipper, known.quotaStore);
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

/** What is written down of a policy's decision; `failure` and `line` are empty for none. */
export interface NotedDecision {
  readonly policy: string;
  readonly effect: string;
  readonly failure: string;
  readonly line: string;
  /** What its policy evaluated since its last note, of this request or others. */
  readonly evaluations: readonly [
    inline: number,
    elsewhere: number,
    remembered: number,
    fellBack: number,
  ];
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
  /**
   * Counts what became of a request whose policy was asked, with the kind of failure, or empty, and
   * what its policy evaluated since the last note: inline, elsewhere, remembered, and of those elsewhere
   * the ones begun inline. The line, if it is not empty, goes to the decision log.
   */
  noteDecision(decision: NotedDecision): void;
  /** Goes on in files opened anew under the logs' names. Throws when there is none to open. */
  reopenLog(): void;
  /**
   * Reads the files of every listener with TLS anew, for connections from now on. Throws, and
   * changes nothing, when something is wrong with one.
   */
  reloadCertificates(): void;
  /** What is worth a line in the log about the certificates in use. */
  certificateWarnings(): readonly string[];
  /** Writes what is left of the logs. */
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
  /** The file of quotas, where there are any. */
  readonly quotasFd?: number | null;
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
  const bindings = addon.openWorker(
    options.segmentFd,
    options.index,
    options.modelJson,
    options.quotasFd ?? null,
    deliver,
  );

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
    noteDecision: ({ policy, effect, failure, line, evaluations }) =>
      addon.noteDecision(policy, effect, failure, line, evaluations),
    reopenLog: () => addon.reopenAccessLog(),
    reloadCertificates: () => addon.reloadCertificates(options.modelJson),
    certificateWarnings: () => addon.certificateWarnings(),
    close: () => addon.closeAccessLog(),
  };
}
