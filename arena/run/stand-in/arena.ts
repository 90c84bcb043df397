/**
 * A whole arena for a test: folders of stand-in targets, a plan, the program as a process.
 *
 * @module
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { readResults } from '../../results/read.ts';
import type { ResultRecord } from '../../results/records.ts';

/** From dist/arena/run/stand-in. */
const PROJECT = join(import.meta.dirname, '../../../..');

export type Manner = 'faithful' | 'mortal' | 'slowed' | 'not-found' | 'stubborn' | 'lame';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** A folder for one test; `remove` is for after it. */
export class Arena {
  readonly folder = mkdtempSync(join(tmpdir(), 'stoa-arena-test-'));
  readonly targets = join(this.folder, 'targets');
  readonly results = join(this.folder, 'results');

  constructor() {
    mkdirSync(this.targets);
    cpSync(join(PROJECT, 'arena/targets/direct'), join(this.targets, 'direct'), {
      recursive: true,
    });
  }

  /** Adds a target that behaves like this, under any name. */
  add(name: string, manner: Manner): void {
    mkdirSync(join(this.targets, name));
    writeFileSync(join(this.targets, name, 'target.yaml'), manifestOf(name, manner));
  }

  /** Writes a plan, and returns its file. */
  plan(text: string): string {
    const file = join(this.folder, 'plan.yaml');
    writeFileSync(file, text);
    return file;
  }

  /** Starts the program; `ended` resolves with what it wrote. */
  start(words: readonly string[]): { readonly child: Child; readonly ended: Promise<Ended> } {
    const child = spawn(process.execPath, [join(PROJECT, 'bin/stoa-arena'), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out, err }));
    });
    return { child, ended };
  }

  /** The words that run a plan into `results/ID`. */
  runWords(plan: string, id: string): string[] {
    return ['run', '-f', plan, '-o', this.results, '--id', id, '--json'];
  }

  /** What a run wrote. Throws when its file is not valid. */
  records(id: string): readonly ResultRecord[] {
    const read = readResults(join(this.results, id, 'results.jsonl'));
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return read.results.records;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The records of one kind. */
export function ofKind<Kind extends ResultRecord['kind']>(
  records: readonly ResultRecord[],
  kind: Kind,
): Extract<ResultRecord, { kind: Kind }>[] {
  return records.filter(
    (record): record is Extract<ResultRecord, { kind: Kind }> => record.kind === kind,
  );
}

function manifestOf(name: string, manner: Manner): string {
  const script = join(PROJECT, 'dist/arena/run/stand-in/proxy.js');
  const why = 'a stand-in';
  return `title: ${name}
kind: process
command:
  names: [node]
  get: apt-get install nodejs
  version: { args: [--version], pattern: 'v(\\S+)' }
  args: ["${script}", "${manner}", "<%= it.port %>", "<%= it.upstream.host %>", "<%= it.upstream.port %>"]
tiers:
  pass: {}
cannot: { key: ${why}, full: ${why}, jwt: ${why}, opa: ${why}, routes: ${why}, churn: ${why}, sse: ${why}, websocket: ${why}, slow-clients: ${why}, reload: ${why}, upstream-kill: ${why} }
`;
}
