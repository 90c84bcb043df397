/**
 * A target as the arena sees it, whatever it is made of.
 *
 * @module
 */

import type { TargetRecord } from '../results/records.ts';

/** Where a target is started, and what it is told. */
export interface StartPlan {
  readonly tier: string;
  /** Everything the run writes for this target; exists, and is removed with the run. */
  readonly folder: string;
  readonly port: number;
  readonly upstream: { readonly host: string; readonly port: number };
  /** Workers or threads, the same for every target. */
  readonly workers: number;
  /** As taskset names them. */
  readonly cores: string;
  /** For containers; a process has the whole of its cores. */
  readonly memoryMaxBytes: number;
}

export interface RenderedConfig {
  readonly file: string;
  readonly sha256: string;
  readonly text: string;
}

/** A target that has been started and answers. */
export interface RunningTarget {
  readonly host: string;
  readonly port: number;
  readonly configs: readonly RenderedConfig[];
  /** The root of the process tree that does the work; null where it can't be seen (url). */
  readonly pid: number | null;
  readonly alive: () => boolean;
  /** The end of what it wrote, for an error's text. */
  readonly output: () => string;
  /** Makes it read its configuration again without stopping; null where it can't. */
  readonly reload: (() => Promise<void>) | null;
  /** Ends it and all its children; the port is free afterwards. */
  readonly stop: () => Promise<void>;
}

export interface Target {
  readonly name: string;
  readonly title: string;
  readonly adapter: TargetRecord['adapter'];
  /** Tiers and scenarios it says it offers. */
  readonly capabilities: readonly string[];
  /** Whether it can be had here, and which version; never throws. */
  readonly examine: () => Promise<
    | { readonly status: 'ready'; readonly version: string }
    | { readonly status: 'unavailable'; readonly why: string }
  >;
  /** Starts it and waits until it answers. Rejects, with its output, when it doesn't. */
  readonly start: (plan: StartPlan) => Promise<RunningTarget>;
}
