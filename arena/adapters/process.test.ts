/**
 * What an executable may do wrong when it is examined and started, with a script as the target.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { freePort } from '../host/ports.ts';
import { until } from '../host/wait.ts';
import { Manifest } from './manifest.ts';
import { processTarget } from './process.ts';
import { assertFree } from './readiness.ts';
import type { StartPlan, Target } from './target.ts';

const folder = mkdtempSync(join(tmpdir(), 'arena-executable-'));
after(() => rmSync(folder, { recursive: true }));
const here = join(folder, 'peer');
mkdirSync(here);
writeFileSync(join(here, 'peer.conf.eta'), 'admin <%= it.ports.admin %>\n');

const SERVER =
  `require('node:http').createServer((q, r) => r.end('here')).listen(PORT, '127.0.0.1');
process.on('SIGHUP', () => console.log('read again'));
console.log('peer is up');`.replaceAll('\n', ' ');

/** A target that is Node with `program`, and what else its manifest says. */
function peer(program: string, more: object = {}, command: object = {}): Target {
  const manifest = Manifest.parse({
    title: 'Peer',
    kind: 'process',
    command: {
      names: ['node'],
      get: 'apt-get install peer',
      version: { args: ['--version'], pattern: 'v(\\d+)' },
      args: ['-e', program.replace('PORT', '<%= it.port %>')],
      ...command,
    },
    ports: ['admin'],
    ready: { timeoutMs: 15_000 },
    tiers: { pass: { 'peer.conf': 'peer.conf.eta' } },
    ...more,
  });
  assert.ok(manifest.command);
  return processTarget({ name: 'peer', manifest, here }, manifest.command);
}

async function planned(tier = 'pass'): Promise<StartPlan> {
  const run = mkdtempSync(join(folder, 'run-'));
  const upstream = { host: '127.0.0.1', port: 9 };
  const limits = { workers: 1, cores: '0', memoryMaxBytes: 536_870_912 };
  return { tier, folder: run, port: await freePort(), upstream, ...limits };
}

describe('an executable', () => {
  it('that is here tells its version', async () => {
    const [, major] = /^v(\d+)/.exec(process.version) ?? [];
    assert.deepEqual(await peer('').examine(), { status: 'ready', version: major });
  });

  it('that is not here is unavailable, with the command that gets it', async () => {
    const target = peer('', {}, { names: ['no-such-peer', 'nor-this'] });
    const why = 'no-such-peer or nor-this is not installed; get it: apt-get install peer';
    assert.deepEqual(await target.examine(), { status: 'unavailable', why });
    await assert.rejects(target.start(await planned()), { message: `peer: ${why}` });
  });

  it('whose installation fails is unavailable, with the reason', async () => {
    const target = peer('', {}, { names: undefined, install: 'no/such/script.sh' });
    const found = await target.examine();
    assert.ok(found.status === 'unavailable');
    assert.match(
      found.why,
      /^no\/such\/script\.sh failed: .*ENOENT.*; get it: apt-get install peer$/,
    );
  });

  it('that tells no version is unavailable, with what it said', async () => {
    const version = { args: ['-p', '"nothing"'], pattern: 'v(\\d+)' };
    const found = await peer('', {}, { version }).examine();
    assert.ok(found.status === 'unavailable');
    assert.match(found.why, /tells no version: nothing$/);
  });
});

describe('a process', () => {
  it('starts, has ports of its own, is told to read again, and ends', async () => {
    const target = peer(SERVER, { reload: { signal: 'SIGHUP' } });
    const plan = await planned();
    const running = await target.start(plan);
    assert.match(running.configs[0]?.text ?? '', /^admin \d{4,5}\n$/);
    assert.equal(await (await fetch(`http://127.0.0.1:${running.port}`)).text(), 'here');
    await running.reload?.();
    // A signal that ends it may overtake the one before.
    await until('it reads again', () => running.output().includes('read again'));
    await running.stop();
    assert.match(running.output(), /peer is up\nread again/);
    await assertFree(plan.port);
  });

  it('is told to read again by a command, whose failure is told', async () => {
    const command = ['-e', 'console.log("no such file"); process.exit(1)'];
    const running = await peer(SERVER, { reload: { command } }).start(await planned());
    await assert.rejects(async () => running.reload?.(), /Peer did not reload: no such file/);
    await running.stop();
  });

  it('that has no way to read again says so', async () => {
    const running = await peer(SERVER).start(await planned());
    assert.equal(running.reload, null);
    await running.stop();
  });

  it('that ends at once is an error with what it wrote', async () => {
    const target = peer('console.error("bad configuration"); process.exit(2)');
    await assert.rejects(
      target.start(await planned()),
      /^Error: peer has ended: bad configuration$/,
    );
  });

  it('that never answers is an error with what it wrote, and is stopped', async () => {
    const target = peer('console.log("I sleep"); setInterval(() => {}, 1000)', {
      ready: { timeoutMs: 1500 },
    });
    await assert.rejects(
      target.start(await planned()),
      /^Error: peer does not answer in 1500 ms: I sleep$/,
    );
  });

  it('is not started on a port that somebody has', async () => {
    const target = peer(SERVER);
    const plan = await planned();
    const running = await target.start(plan);
    await assert.rejects(target.start(plan), /port \d+ of 127\.0\.0\.1 is taken/);
    await running.stop();
  });

  it('is not started in a tier that it does not do', async () => {
    await assert.rejects(
      peer(SERVER).start(await planned('full')),
      /peer does not do tier "full"; its manifest says which it does/,
    );
  });
});
