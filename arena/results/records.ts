/**
 * What a run writes, one JSON document a line: the shapes, and nothing else. Every table, chart and
 * score is made from these lines only, so it can be made again.
 *
 * Order in a file: one `run`; then `target`, `config` and `probe` as they come about; `block` and
 * `scenario` in the order they were measured; one `end`, missing when the run was killed.
 *
 * @module
 */

import { z } from 'zod';

/** Of the format; raised when a reader of the old one would misread the new. */
export const RESULTS_VERSION = 1;

/** Letters, digits, dots and hyphens: also a file's name, a metric's label, an anchor in a page. */
const Name = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/);
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** HdrHistogram, V2 with DEFLATE, base64; values are microseconds, 3 significant digits. */
const Hdr = z.string();
const Count = z.int().nonnegative();

export const Machine = z.strictObject({
  cpu: z.string(),
  cores: z.int().positive(),
  memoryBytes: Count,
  os: z.string(),
  kernel: z.string(),
  node: z.string(),
  /** What the processor's `hypervisor` flag and systemd-detect-virt tell; null on bare metal. */
  virtualization: z.string().nullable(),
  /** Of the fields above: runs with the same are of one history. */
  fingerprint: Sha256,
});

export const RunRecord = z.strictObject({
  kind: z.literal('run'),
  version: z.literal(RESULTS_VERSION),
  id: Name,
  at: z.iso.datetime(),
  /** Words of the command line, to be run again. */
  command: z.array(z.string()),
  plan: z.strictObject({ name: Name, sha256: Sha256, text: z.string() }),
  seed: Count,
  source: z.strictObject({ commit: z.string(), dirty: z.boolean() }),
  machine: Machine,
  driver: z.strictObject({ name: z.enum(['native', 'autocannon']), version: z.string() }),
  /** As taskset names them. */
  cores: z.strictObject({ target: z.string(), load: z.string() }),
  /** Load average over a minute when the run began. */
  loadAverage: z.number(),
});

export const TargetRecord = z.strictObject({
  kind: z.literal('target'),
  target: Name,
  /** How it is shown. */
  title: z.string(),
  adapter: z.enum(['process', 'container', 'url']),
  status: z.enum(['ready', 'unavailable']),
  /** Why it is unavailable, and how to get it; empty when it is ready. */
  why: z.string(),
  version: z.string(),
  /** Tiers and scenarios that its manifest says it offers. */
  capabilities: z.array(Name),
});

/** A configuration as the target read it. */
export const ConfigRecord = z.strictObject({
  kind: z.literal('config'),
  target: Name,
  tier: Name,
  file: z.string(),
  sha256: Sha256,
  text: z.string(),
});

/** Whether a target does a tier's work. One that does not is never timed in it. */
export const ProbeRecord = z.strictObject({
  kind: z.literal('probe'),
  target: Name,
  tier: Name,
  passed: z.boolean(),
  checks: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() })),
});

export const Load = z.discriminatedUnion('mode', [
  /** As many requests as the target answers, one at a time on each connection. */
  z.strictObject({ mode: z.literal('closed'), connections: z.int().positive() }),
  /** Requests are due at moments of a constant mean rate, whatever the answers do. */
  z.strictObject({
    mode: z.literal('open'),
    connections: z.int().positive(),
    ratePerS: z.number().positive(),
    /** The rate as a share of the target's own capacity; null for one that is common to all. */
    capacityShare: z.number().nullable(),
  }),
]);

/** What the generator and the machine were doing meanwhile. */
const Circumstances = {
  generator: z.strictObject({
    /** Share of one core. */
    cpuShare: z.number(),
    /** p99 of how late a request was sent, in microseconds; null in a closed loop. */
    lagP99Us: z.number().nullable(),
    /** Why the number is the generator's and not the target's; empty when it is the target's. */
    bound: z.array(z.string()),
  }),
  machine: z.strictObject({
    /** Share of the time that the host kept the machine from running. */
    stolenShare: z.number(),
    loadAverage: z.number(),
  }),
  /** Why this measurement does not count; empty when it does. */
  void: z.array(z.string()),
} as const;

/** One target, one tier, one body, one load, once. */
export const BlockRecord = z.strictObject({
  kind: z.literal('block'),
  at: z.iso.datetime(),
  round: z.int().positive(),
  target: Name,
  tier: Name,
  bodyBytes: Count,
  load: Load,
  seconds: z.number().positive(),
  requests: Count,
  requestsPerS: z.number().nonnegative(),
  /** How often each status came. */
  statuses: z.record(z.string(), Count),
  /** How often an exchange failed, by kind: connect, reset, timeout, body. */
  errors: z.record(z.string(), Count),
  /** From the moment a request was due (open) or sent (closed) to its last byte. */
  latency: Hdr,
  /** User and system time of the whole process tree, by request; null where it can't be seen. */
  cpuUsPerRequest: z.number().nullable(),
  /** How many cores' worth the target used. */
  coresUsed: z.number().nullable(),
  /** Peak resident memory of the process tree so far. */
  memoryPeakBytes: Count.nullable(),
  ...Circumstances,
});

/** What is no plain block: churn, streams, slow clients, reload, a dying upstream. */
export const ScenarioRecord = z.strictObject({
  kind: z.literal('scenario'),
  at: z.iso.datetime(),
  round: z.int().positive(),
  target: Name,
  tier: Name,
  scenario: Name,
  seconds: z.number().positive(),
  /** Figures by name; each name ends in its unit. */
  figures: z.record(z.string(), z.number()),
  histograms: z.record(z.string(), Hdr),
  cpuUsPerRequest: z.number().nullable(),
  memoryPeakBytes: Count.nullable(),
  ...Circumstances,
});

export const EndRecord = z.strictObject({
  kind: z.literal('end'),
  at: z.iso.datetime(),
  /** False when somebody or something ended the run before its plan did. */
  complete: z.boolean(),
  why: z.string(),
});

export const ResultRecord = z.discriminatedUnion('kind', [
  RunRecord,
  TargetRecord,
  ConfigRecord,
  ProbeRecord,
  BlockRecord,
  ScenarioRecord,
  EndRecord,
]);

export type Machine = z.infer<typeof Machine>;
export type RunRecord = z.infer<typeof RunRecord>;
export type TargetRecord = z.infer<typeof TargetRecord>;
export type ConfigRecord = z.infer<typeof ConfigRecord>;
export type ProbeRecord = z.infer<typeof ProbeRecord>;
export type Load = z.infer<typeof Load>;
export type BlockRecord = z.infer<typeof BlockRecord>;
export type ScenarioRecord = z.infer<typeof ScenarioRecord>;
export type EndRecord = z.infer<typeof EndRecord>;
export type ResultRecord = z.infer<typeof ResultRecord>;
