/** The list of quotas, and what `explain` says of a plan. What a gateway has counted: test/quotas. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { runCli } from './program.ts';

const YAML = `version: 1
plans: { gold: { rateLimit: { requests: 5, windowMs: 1000 }, quotas: [{ requests: 7, per: day, by: tenant }] } }
defaultPlan: gold
consumers: { app: { apiKeys: [{ value: good }] } }
routes: [{ name: r, redirect: { to: /there }, auth: { apiKey: {} } }]
`;

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runCli(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    paint: (_, text) => text,
    readInput: () => Promise.resolve(''),
  });
  return { code, out, err };
}

describe('plans on the command line', () => {
  let folder = '';
  let file = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-plans-'));
    file = join(folder, 'gateway.yaml');
    writeFileSync(file, YAML);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('lists nothing before a gateway has counted', async () => {
    const text = await run('quotas', '-c', file);
    assert.deepEqual(text, { code: 0, out: 'nothing is used\n', err: '' });
    const { out } = await run('quotas', '-c', file, '-o', 'json');
    assert.deepEqual(JSON.parse(out), []);
  });

  it('says that there is nothing to count where no plan has quotas', async () => {
    const bare = join(folder, 'bare.yaml');
    writeFileSync(bare, 'version: 1\nroutes: []\n');
    assert.equal((await run('quotas', '-c', bare)).out, 'no plan has quotas\n');
  });

  it('says so when the file is something else, or the configuration is wrong', async () => {
    mkdirSync(join(folder, 'quotas'));
    writeFileSync(join(folder, 'quotas/counters'), 'a letter');
    const other = await run('quotas', '-c', file);
    assert.equal(other.code, 1);
    assert.match(other.err, /^error: .*is no file of quotas/);
    writeFileSync(`${file}.bad`, YAML.replace('defaultPlan: gold', 'defaultPlan: glod'));
    const wrong = await run('quotas', '-c', `${file}.bad`);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /did you mean "gold"/);
  });

  it('explains what a plan holds a request to', async () => {
    const url = 'http://gw.test/';
    const { out } = await run('explain', 'GET', url, '-H', 'x-api-key: good', '-c', file);
    assert.match(out, /plan: gold/);
    assert.match(out, /rate limit of plan gold by consumer: 5 requests in 1000 ms, 5 at once/);
    assert.match(out, /quota of plan gold by tenant: 7 requests per day/);
  });
});
