/**
 * Containers, without an engine: a scripted stand-in for the command line of docker writes down
 * what it is told, and runs a small server where an engine would run an image.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';

import { freePort } from '../host/ports.ts';
import { isAlive } from '../host/processes.ts';
import { readCatalog } from './catalog.ts';
import { containerTarget } from './container.ts';
import { countCores, findEngine, runWords } from './engine.ts';
import { Manifest } from './manifest.ts';
import type { Description } from './prepared.ts';
import { assertFree } from './readiness.ts';
import type { StartPlan, Target } from './target.ts';

const folder = mkdtempSync(join(tmpdir(), 'arena-container-'));
const PATH = process.env['PATH'] ?? '';
const BIN = join(folder, 'bin');
const CALLS = join(folder, 'calls');
const DIGEST = `sha256:${'a'.repeat(64)}`;
const IMAGE = 'docker.io/library/peer:1.2.3';

/** A server as the image would have: it ends on SIGTERM, and its port is its last argument. */
const SERVER = `require('node:http').createServer((q, r) => r.end('here')).listen(Number(process.argv.at(-1)), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0)); process.on('SIGHUP', () => {}); console.log('peer is up');`;

/** What the stand-in answers to each command; $state is a folder of the test. */
function script(engine: string, answers: Readonly<Record<string, string>>): void {
  const cases = Object.entries(answers).map(([command, body]) => `  ${command}) ${body} ;;`);
  const text = `#!/bin/sh
echo "${engine} $*" >> '${CALLS}'
case "$1" in
${cases.join('\n')}
  *) echo "unknown: $1" >&2; exit 64 ;;
esac
`;
  writeFileSync(join(BIN, engine), text);
  chmodSync(join(BIN, engine), 0o755);
}

const PID = join(folder, 'pid');
const WORKING = {
  info: 'echo 28.2.2',
  image: `echo docker.io/library/peer@${DIGEST}`,
  run: `echo $$ > ${PID}; exec ${process.execPath} ${join(folder, 'server.js')} "$@"`,
  inspect: `cat ${PID}`,
  stop: `kill -TERM $(cat ${PID})`,
  kill: `kill -HUP $(cat ${PID})`,
  rm: 'true',
};
const NO_ENGINE = 'echo "Cannot connect to the Docker daemon" >&2; exit 1';

beforeEach(() => {
  rmSync(BIN, { recursive: true, force: true });
  mkdirSync(BIN);
  writeFileSync(CALLS, '');
  writeFileSync(join(folder, 'server.js'), SERVER);
  process.env['PATH'] = `${BIN}:${PATH}`;
});
after(() => {
  process.env['PATH'] = PATH;
  rmSync(folder, { recursive: true });
});

function calls(): string[] {
  return readFileSync(CALLS, 'utf8').trim().split('\n');
}

const here = join(folder, 'peer');
mkdirSync(here);
writeFileSync(join(here, 'peer.conf.eta'), 'port <%= it.port %> in <%= it.folder %>\n');

function describePeer(): { description: Description; target: Target } {
  const manifest = Manifest.parse({
    title: 'Peer',
    kind: 'container',
    container: {
      image: IMAGE,
      args: ['--config', '<%= it.folder %>/peer.conf', '<%= it.port %>'],
      mounts: { 'peer.conf': '/etc/peer.conf' },
    },
    env: { WORKERS: '<%= it.workers %>' },
    reload: { signal: 'SIGHUP' },
    tiers: { pass: { 'peer.conf': 'peer.conf.eta' } },
  });
  assert.ok(manifest.container);
  const description = { name: 'peer', manifest, here };
  return { description, target: containerTarget(description, manifest.container) };
}

async function planned(): Promise<StartPlan> {
  const run = mkdtempSync(join(folder, 'run-'));
  const upstream = { host: '127.0.0.1', port: 9 };
  const port = await freePort();
  const limits = { workers: 2, cores: '0', memoryMaxBytes: 536_870_912 };
  return { tier: 'pass', folder: run, port, upstream, ...limits };
}

describe('a container', () => {
  it('is run with the golden command, watched, reloaded and stopped', async () => {
    script('docker', WORKING);
    const { target } = describePeer();
    assert.deepEqual(await target.examine(), { status: 'ready', version: `${IMAGE} (${DIGEST})` });

    const plan = await planned();
    const running = await target.start(plan);
    const name = `arena-peer-${plan.port}`;
    assert.equal(running.pid, Number(readFileSync(PID, 'utf8')));
    assert.equal(running.configs[0]?.text, `port ${plan.port} in /arena\n`);
    assert.match(running.output(), /peer is up/);
    await running.reload?.();
    await running.stop();

    assert.deepEqual(
      calls().filter((call) => !/ (?:info|inspect|image) /.test(call)),
      [
        `docker run --rm --pull=never --name ${name} --network host --cpuset-cpus 0 --cpus 1 ` +
          '--memory 536870912b --memory-swap 536870912b --ulimit nofile=65536:65536 ' +
          `--volume ${plan.folder}:/arena:ro --volume ${plan.folder}/peer.conf:/etc/peer.conf:ro ` +
          `--env WORKERS=2 ${IMAGE} --config /arena/peer.conf ${plan.port}`,
        `docker kill --signal SIGHUP ${name}`,
        `docker stop --time 5 ${name}`,
      ],
    );
    assert.ok(calls().includes(`docker inspect --format {{.State.Pid}} ${name}`));
    assert.equal(running.alive(), false);
    assert.equal(isAlive(running.pid ?? 0), false);
    await assertFree(plan.port);
  });

  it('whose image is not here is unavailable, with the command that gets it, and nothing is pulled', async () => {
    script('docker', { ...WORKING, image: 'echo "No such image" >&2; exit 1' });
    const { target } = describePeer();
    assert.deepEqual(await target.examine(), {
      status: 'unavailable',
      why: `its image is not here; get it: docker pull ${IMAGE}`,
    });
    assert.deepEqual(
      calls().filter((call) => /pull|run|create/.test(call)),
      [],
    );
  });

  it('is run by podman where docker is a client without an engine', async () => {
    script('docker', { info: NO_ENGINE });
    script('podman', { ...WORKING, info: 'echo 4.3.1' });
    const { target } = describePeer();
    assert.equal((await target.examine()).status, 'ready');
    const running = await target.start(await planned());
    await running.stop();
    assert.ok(calls().some((call) => call.startsWith('podman run --rm')));
  });

  it('is unavailable, and says why, where no engine answers', async () => {
    script('docker', { info: NO_ENGINE });
    script('podman', { info: 'echo "no runtime" >&2; exit 125' });
    const { target } = describePeer();
    const found = await target.examine();
    assert.ok(found.status === 'unavailable');
    assert.match(found.why, /^docker has no engine \(Cannot connect to the Docker daemon\)/);
    assert.match(found.why, /podman has no engine \(no runtime\); start one/);
    await assert.rejects(target.start(await planned()), /peer: docker has no engine/);
  });

  it('that ends at once is an error with what it wrote, and is removed', async () => {
    script('docker', {
      ...WORKING,
      run: 'echo "bad configuration"; exit 1',
      inspect: 'exit 1',
      stop: 'exit 1',
    });
    const { target } = describePeer();
    await assert.rejects(target.start(await planned()), /docker run has ended: bad configuration/);
    assert.ok(calls().some((call) => call.startsWith('docker rm --force arena-peer-')));
  });

  it('is not started on a port that is taken', async () => {
    script('docker', WORKING);
    const { target } = describePeer();
    const plan = await planned();
    const running = await target.start(plan);
    await assert.rejects(target.start(plan), /port \d+ of 127\.0\.0\.1 is taken/);
    await running.stop();
  });
});

describe('the command of each shipped image', () => {
  const { descriptions } = readCatalog();
  const containers = descriptions.filter(({ manifest }) => manifest.container !== undefined);

  it('has the same limits for all', () => {
    assert.ok(containers.length >= 5);
    for (const { manifest, name } of containers) {
      const words = runWords({
        container: name,
        image: manifest.container?.image ?? '',
        args: [],
        env: {},
        mounts: {},
        folder: '/run',
        cores: '0-1',
        memoryMaxBytes: 1000,
      });
      assert.equal(
        words.join(' '),
        `run --rm --pull=never --name ${name} --network host --cpuset-cpus 0-1 --cpus 2 --memory 1000b ` +
          '--memory-swap 1000b --ulimit nofile=65536:65536 --volume /run:/arena:ro ' +
          `${manifest.container?.image}`,
      );
    }
  });
});

describe('cores', () => {
  for (const [cores, count] of [
    ['0', 1],
    ['0,2', 2],
    ['0-3', 4],
    ['0-1,5', 3],
  ] as const) {
    it(`"${cores}" are ${count}`, () => assert.equal(countCores(cores), count));
  }
  for (const cores of ['', 'a', '3-1']) {
    it(`"${cores}" are none`, () => assert.throws(() => countCores(cores), /not a list of cores/));
  }
});

describe('the engine of this machine', () => {
  it('is one that answers, or a reason', async () => {
    process.env['PATH'] = PATH;
    const engine = await findEngine();
    if ('why' in engine) assert.match(engine.why, /docker .*podman .*start one/);
    else assert.ok(['docker', 'podman'].includes(engine.name));
  });
});
