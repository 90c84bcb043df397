/**
 * The file of the access log: renamed and opened anew, or on a disk that is full.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';

import { type Gateway, startGateway } from './support/gateway.ts';
import { openFiles } from '../arena/host/processes.ts';
import { call } from './support/raw-client.ts';
import { ok, RecordingUpstream } from './support/recording-upstream.ts';
import { until } from '../arena/host/wait.ts';

/** The paths in a log, each line being one JSON object. */
function pathsIn(file: string): string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { path: string }).path);
}

async function asked(gateway: Gateway, prefix: string, count: number): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, index) => `/${prefix}/${index}`);
  await Promise.all(paths.map((path) => call(gateway.port, `GET ${path}`)));
  return paths.toSorted();
}

function isOpen(gateway: Gateway, file: string): boolean {
  return gateway.workers().some((pid) => openFiles(pid).includes(file));
}

describe('the access log', () => {
  let upstream: RecordingUpstream;
  before(async () => {
    upstream = await RecordingUpstream.start(() => ok());
  });
  after(() => upstream.stop());

  let running: Gateway | undefined;
  afterEach(() => running?.stop());

  async function start(output: string, workers = 1): Promise<Gateway> {
    running = await startGateway(
      `accessLog: { output: ${output} }
upstreams: { up: { endpoints: [{ url: "${upstream.url}" }] } }
routes: [{ name: all, upstream: up }]`,
      { workers },
    );
    return running;
  }

  it('goes on in a new file after SIGHUP, in every worker, and loses no line', async () => {
    const gateway = await start('access.log', 3);
    const file = join(gateway.directory, 'access.log');
    const early = await asked(gateway, 'early', 60);
    await until('all are written', () => pathsIn(file).length === early.length);

    renameSync(file, `${file}.1`);
    gateway.signal('SIGHUP');
    await until('the new file is there', () => existsSync(file));
    await until('the old one is let go of', () => !isOpen(gateway, `${file}.1`));
    const late = await asked(gateway, 'late', 60);
    await until('all are written', () => pathsIn(file).length >= late.length);
    assert.deepEqual(pathsIn(file).toSorted(), late);
    assert.deepEqual(pathsIn(`${file}.1`).toSorted(), early);
  });

  it('stays in the old file, and says so, when there is none to open', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-access-log-'));
    const gateway = await start(join(folder, 'access.log'));
    await asked(gateway, 'early', 1);
    renameSync(folder, `${folder}.1`);
    gateway.signal('SIGHUP');
    await until('it says so', () => gateway.output.includes('access_log_not_reopened'));
    await asked(gateway, 'late', 1);
    const file = join(`${folder}.1`, 'access.log');
    await until('all are written', () => pathsIn(file).length === 2);
    rmSync(`${folder}.1`, { recursive: true });
  });

  it('counts what a full disk does not take, and serves all the same', async () => {
    const gateway = await start('/dev/full');
    await asked(gateway, 'lost', 30);
    const lost = (): Promise<number> => gateway.metric('stoa_access_log_dropped_total');
    await until('all are counted', async () => (await lost()) === 30);
  });
});
