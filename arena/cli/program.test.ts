import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { everyCommand, fullName } from '../../src/cli/help.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { buildArena, runArena } from './program.ts';
import { runId } from './run.ts';

/** From dist/arena/cli. */
const PROJECT = join(import.meta.dirname, '../../..');

const folder = mkdtempSync(join(tmpdir(), 'stoa-arena-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function arena(...words: string[]): Promise<Said> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    paint: (_, text) => text,
    readInput: async () => '',
  };
  const code = await runArena(words, terminal);
  return { code, out, err };
}

function shipped(name: string): string {
  return join(PROJECT, 'arena', name);
}

const PLAN = 'version: 1\nname: small\ntargets: [nginx]\nrounds: 3\n';

describe('stoa-arena', () => {
  it('has a help for every command', async () => {
    const silent: Terminal = {
      out() {},
      err() {},
      paint: (_, text) => text,
      readInput: async () => '',
    };
    const [, ...commands] = everyCommand(buildArena(silent, () => {}));
    assert.ok(commands.length >= 4);
    for (const command of commands) {
      const words = fullName(command).split(' ').slice(1);
      const { code, out } = await arena(...words, '--help');
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^Usage: ${fullName(command)}\\b`));
    }
  });

  it('refuses what it does not understand with exit code 2', async () => {
    assert.equal((await arena('rum')).code, 2);
    assert.equal((await arena('run', '--rounds', '0')).code, 2);
    assert.equal((await arena('run', '--seed', '-1')).code, 2);
    assert.equal((await arena('run', '--id', '../elsewhere')).code, 2);
  });
});

describe('plan', () => {
  it('prints who can be had, what is measured, and how long it takes', async () => {
    const { code, out } = await arena('plan', '-f', file('p.yaml', PLAN));
    assert.equal(code, 0);
    assert.match(out, /^Plan small: 3 rounds/);
    assert.match(out, /^direct +no gateway +pass$/m);
    assert.match(out, /^nginx +\d\S* +pass, key, full$/m);
    assert.match(out, /as much as it answers \(closed loop\)/);
    assert.match(
      out,
      /^12 starts, 24 blocks, 0 scenarios: about \d+ (?:s|min), at most \d+ (?:s|min)$/m,
    );
  });

  it('says why a target can not be had', async () => {
    const plan = PLAN.replace('[nginx]', '[stoa-upstream-original]');
    const { code, out } = await arena('plan', '-f', file('u.yaml', plan));
    assert.equal(code, 0);
    assert.match(out, /^stoa-upstream-original +unavailable: .+$/m);
  });

  it('tells what is wrong with a plan, with its place, and exits with 1', async () => {
    const path = file('wrong.yaml', `${PLAN}round: 3\n`);
    const { code, out, err } = await arena('plan', '-f', path);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.equal(err, `${path}:5:1: round: unknown key "round" (did you mean "rounds"?)\n`);
  });

  it('knows the shipped plans by name', async () => {
    assert.match((await arena('plan', '-f', 'quick')).out, /^Plan quick: /);
  });
});

describe('validate', () => {
  it('agrees to what is shipped', async () => {
    const { code, out } = await arena(
      'validate',
      shipped('plans/full.yaml'),
      shipped('targets'),
      shipped('targets/nginx'),
    );
    assert.equal(code, 0, out);
    assert.equal(out.match(/^valid /gm)?.length, 3);
  });

  it('tells problems of plans, targets and results with their places, and counts them', async () => {
    const plan = file('bad.yaml', `${PLAN}tiers: [pas]\n`);
    const results = file('bad.jsonl', '{"kind":"end"}\n');
    const { code, out } = await arena('validate', plan, results);
    assert.equal(code, 1);
    assert.ok(out.includes(`${plan}:5:9: tiers[0]: expected "pass"`), out);
    assert.ok(out.includes(`${results}:1:1: `), out);
    assert.match(out, /^\d+ problems$/m);
  });

  it('says so where there is nothing', async () => {
    const { code, err } = await arena('validate', join(folder, 'nothing.yaml'));
    assert.equal(code, 2);
    assert.match(err, /there is no .*nothing\.yaml/);
  });
});

describe('the name of a run', () => {
  it('sorts by time and tells the plan', () => {
    assert.equal(
      runId('quick', new Date('2026-11-21T20:30:00.123Z')),
      '20261121t203000.123z-quick',
    );
  });
});
