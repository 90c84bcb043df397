/**
 * What tests of the spool share: its settings, processes that write to it, and a sink that keeps what it was given.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Config } from '../../src/config/schema.ts';
import type { Model } from '../../src/config/schema.ts';
import type { Sink } from '../../src/metering/sink.ts';
import type { SpooledEvent } from '../../src/metering/source.ts';

type Metering = NonNullable<Model['metering']>;

const WRITER = join(import.meta.dirname, 'spool-writer.js');

/** Settings in a folder of their own, which goes with `remove`. */
export function settings(
  spool: Readonly<Record<string, unknown>> = {},
): Metering & { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-metering-'));
  const directory = join(folder, 'spool');
  const { metering } = Config.parse({
    version: 1,
    metering: { enabled: true, spool: { directory, ...spool }, batch: { pollMs: 10 } },
  });
  return { ...metering, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The JSON of settings as native code takes it. */
export function jsonOf({ enabled, spool, batch, sink, file, kafka, webhook }: Metering): string {
  return JSON.stringify({ enabled, spool, batch, sink, file, kafka, webhook });
}

export interface Writer {
  readonly child: ChildProcess;
  /** What it last said is safe. */
  readonly stored: () => number;
  /** Kills it as the kernel would; resolves when it is gone. */
  kill(): Promise<void>;
}

export function startWriter(
  metering: Metering,
  {
    tenant = 'acme',
    total = 0,
    pauseEvery = 0,
  }: Readonly<Partial<Record<'total' | 'pauseEvery', number>>> & { readonly tenant?: string } = {},
): Writer {
  const child = spawn(
    process.execPath,
    [WRITER, jsonOf(metering), tenant, String(total), String(pauseEvery)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-64);
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    child,
    stored: () => Number(output.split('\n').at(-2) ?? 0),
    kill: () => {
      child.kill('SIGKILL');
      return closed;
    },
  };
}

/** Keeps the ids it was given; fails as long as `down`. */
export class KeepingSink implements Sink {
  readonly ids: string[] = [];
  readonly tenants: string[] = [];
  down = false;
  /** Batches it was given meanwhile. */
  refused = 0;

  async send(events: readonly SpooledEvent[]): Promise<void> {
    if (this.down) {
      this.refused += 1;
      throw new Error('the sink is down');
    }
    for (const { line, tenant } of events) {
      this.ids.push((JSON.parse(line) as { id: string }).id);
      this.tenants.push(tenant);
    }
  }

  async close(): Promise<void> {}
}

/** The sequences of ids, by the process they came from. */
export function sequencesOf(ids: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const id of ids) {
    const [boot = '', sequence = ''] = id.split('-');
    found.set(boot, [...(found.get(boot) ?? []), Number(sequence)]);
  }
  return found;
}
