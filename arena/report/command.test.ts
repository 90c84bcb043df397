import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Command } from 'commander';

import type { Terminal } from '../../src/cli/terminal.ts';
import type { ResultRecord } from '../results/records.ts';
import { reportCommand } from './command.ts';
import { compareCommand } from './compare/command.ts';
import { fixture } from './fixture.ts';
import { SMALL_PLAN } from './fixture-plan.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'arena-report-'));
const PLAN = { ...SMALL_PLAN, rounds: 2, tiers: ['pass'] as const };

function written(name: string, records: readonly ResultRecord[], end = ''): string {
  const file = join(FOLDER, name);
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join('') + end);
  return file;
}

async function said(
  command: (terminal: Terminal) => Command,
  words: readonly string[],
): Promise<{ out: string; err: string }> {
  let [out, err] = ['', ''];
  const terminal: Terminal = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    paint: (_, text) => text,
    readInput: async () => '',
  };
  await command(terminal).parseAsync([...words], { from: 'user' });
  return { out, err };
}

describe('the commands that read results', () => {
  const last = written('b.jsonl', fixture({ ...PLAN, day: 15 }));
  const first = written('a.jsonl', fixture({ ...PLAN, day: 14 }));

  after(() => rmSync(FOLDER, { recursive: true }));

  it('report the last run, whatever the order of files', async () => {
    const { out } = await said(reportCommand, [last, first]);
    assert.match(out, /^Run: 2026-11-15-standard/);
    assert.equal(out, (await said(reportCommand, [first, last])).out);
  });

  it('write HTML to a file, and print nothing to a pipe', async () => {
    const file = join(FOLDER, 'report.html');
    const { out, err } = await said(reportCommand, [first, last, '--html', file]);
    assert.equal(out, '');
    assert.match(err, /wrote .*report\.html/);
    const text = readFileSync(file, 'utf8');
    assert.match(text, /^<!doctype html>/);
    assert.match(text, /over 2 runs/);
  });

  it('print Markdown, JSON or Prometheus text', async () => {
    assert.match((await said(reportCommand, [first, '--markdown'])).out, /^- Run: 2026/);
    const parsed: unknown = JSON.parse((await said(reportCommand, [first, '--json'])).out);
    assert.ok(typeof parsed === 'object' && parsed !== null && 'tiers' in parsed);
    assert.match((await said(reportCommand, [first, '--prometheus'])).out, /gateway_arena_score\{/);
  });

  it('tell file and line of what can’t be read', async () => {
    const broken = written('broken.jsonl', fixture(PLAN).slice(0, 2), '{"kind":"block"}\n');
    await assert.rejects(said(reportCommand, [broken]), /broken\.jsonl:3/);
    await assert.rejects(
      said(compareCommand, [first, join(FOLDER, 'none.jsonl')]),
      /cannot be read/,
    );
  });

  it('warn of a last line that was cut off, and use the others', async () => {
    const cut = written('cut.jsonl', fixture(PLAN).slice(0, -1), '{"kind":"blo');
    const { out, err } = await said(reportCommand, [cut]);
    assert.match(err, /cut off/);
    assert.match(out, /killed before its end/);
  });

  it('take ratios to another target, and say which there are', async () => {
    const { out } = await said(reportCommand, [first, '--reference', 'haproxy']);
    assert.match(out, /× haproxy/);
    await assert.rejects(said(reportCommand, [first, '--reference', 'ngnix']), /run has .*nginx/);
  });

  it('compare two files', async () => {
    const { out } = await said(compareCommand, [first, last]);
    assert.match(out, /^From 2026-11-14-standard/);
    assert.match(out, /unknown/);
  });
});
