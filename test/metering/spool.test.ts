/**
 * The spool and its shipper, with real processes that are killed.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { MeteringEvent } from '../../src/metering/event-schema.ts';
import { Shipper } from '../../src/metering/shipper.ts';
import { foldersIn, SpoolSource } from '../../src/metering/source.ts';
import { appendToSpool, openSpool } from '../../src/native/addon.ts';
import { until } from '../../arena/host/wait.ts';
import { jsonOf, KeepingSink, sequencesOf, settings, startWriter } from './spooling.ts';

function shipperOf(metering: ReturnType<typeof settings>, sink: KeepingSink): Shipper {
  return new Shipper({ ...metering, sink, log: () => {} });
}

async function shipAll(shipper: Shipper): Promise<void> {
  while ((await shipper.shipOnce(Number.POSITIVE_INFINITY)) > 0);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the spool', () => {
  for (const afterEvents of [1, 700, 2600]) {
    it(`has every event whose append returned when its worker is killed after ${afterEvents}`, async () => {
      const metering = settings({ segmentBytes: 65_536 });
      const writer = startWriter(metering);
      await until('it has spooled', () => writer.stored() >= afterEvents);
      await writer.kill();

      const sink = new KeepingSink();
      await shipAll(shipperOf(metering, sink));
      const [sequences = []] = sequencesOf(sink.ids).values();
      assert.ok(sequences.length >= writer.stored(), `${sequences.length} of ${writer.stored()}`);
      assert.deepEqual(sequences, upTo(sequences.length));
      assert.deepEqual(foldersIn(metering.spool.directory), [], 'what was shipped is gone');
      metering.remove();
    });
  }

  it('writes events as their schema says', async () => {
    const metering = settings();
    openSpool(jsonOf(metering), 0);
    assert.equal(appendToSpool('acme', 503, 2), 2);
    const [folder = ''] = foldersIn(metering.spool.directory);
    const source = new SpoolSource(folder);
    source.read();
    const events = source.waiting.map(({ line }) => MeteringEvent.parse(JSON.parse(line)));
    assert.deepEqual(
      events.map(({ data }) => [data.tenant, data.status]),
      [
        ['acme', 503],
        ['acme', 503],
      ],
    );
    assert.ok(source.waiting.every(({ failed }) => failed));
    assert.equal(new Set(events.map(({ id }) => id)).size, 2);
    metering.remove();
  });

  it('has room for what it can, keeps the newest, and counts what it threw away', async () => {
    const metering = settings({ segmentBytes: 65_536, maxBytes: 262_144 });
    const total = 6000;
    const writer = startWriter(metering, { total, pauseEvery: 50 });
    await until('it has spooled', () => writer.stored() >= total, 30_000);
    const sink = new KeepingSink();
    await shipAll(shipperOf(metering, sink));
    const [sequences = []] = sequencesOf(sink.ids).values();
    assert.ok(sequences.length < total && sequences.length > 500, `${sequences.length}`);
    assert.deepEqual(sequences, upTo(total).slice(total - sequences.length));
    await writer.kill();
    metering.remove();
  });

  it('holds events back while the disk is full, and has them all once there is room', async (context) => {
    const metering = settings({ segmentBytes: 65_536, whenFull: 'refuse' });
    const { directory } = metering.spool;
    mkdirSync(directory);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', directory], {
        stdio: 'ignore',
      });
    } catch {
      metering.remove();
      context.skip('no small disk can be mounted here: run as root, outside of a container');
      return;
    }
    try {
      const filler = join(directory, 'filler');
      writeFileSync(filler, Buffer.alloc(100 * 1024));
      openSpool(jsonOf(metering), 0);
      const total = 2000;
      let stored = appendToSpool('acme', 200, total);
      assert.ok(stored < total, 'there is no room for all');
      rmSync(filler);
      await until('all are stored', () => {
        stored += appendToSpool('acme', 200, 0);
        return stored === total;
      });
      const sink = new KeepingSink();
      await shipAll(shipperOf(metering, sink));
      assert.deepEqual([...sequencesOf(sink.ids).values()], [upTo(total)]);
    } finally {
      execFileSync('umount', ['-l', directory]);
      metering.remove();
    }
  });
});

describe('the shipper', () => {
  it('ships each tenant’s events in order, from several workers, while they write', async () => {
    const metering = settings({ segmentBytes: 65_536 });
    const total = 1500;
    const writers = ['one', 'two'].map((tenant) =>
      startWriter(metering, { tenant, total, pauseEvery: 40 }),
    );
    const sink = new KeepingSink();
    const shipper = shipperOf(metering, sink);
    const running = shipper.run();
    await until('all is shipped', () => sink.ids.length >= total * 2, 30_000);
    shipper.stop(true);
    await running;
    const found = [...sequencesOf(sink.ids).values()];
    assert.deepEqual(found, [upTo(total), upTo(total)]);
    for (const writer of writers) await writer.kill();
    metering.remove();
  });

  it('loses nothing while the sink is down, and goes on when it is back', async () => {
    const metering = settings({ segmentBytes: 65_536 });
    const total = 900;
    const writer = startWriter(metering, { total });
    await until('it has spooled', () => writer.stored() > 0);
    const sink = new KeepingSink();
    sink.down = true;
    const shipper = shipperOf(metering, sink);
    const running = shipper.run();
    await until('it has failed', () => sink.refused > 1);
    await until('it says so', () => shipper.counts.sinkFailures > 1 && !shipper.counts.sinkUp);
    await until('it has spooled', () => writer.stored() >= total, 30_000);
    sink.down = false;
    await until('all is shipped', () => sink.ids.length >= total, 30_000);
    assert.deepEqual([...sequencesOf(sink.ids).values()], [upTo(total)]);
    await writer.kill();
    await until('the folder is gone', () => foldersIn(metering.spool.directory).length === 0);
    shipper.stop(false);
    await running;
    assert.equal(shipper.counts.shipped, total);
    metering.remove();
  });

  it('that died between sink and cursor ships again what it had, with the same ids', async () => {
    const metering = settings();
    const writer = startWriter(metering, { total: 100 });
    await until('it has spooled', () => writer.stored() >= 100);
    await writer.kill();
    const [folder = ''] = foldersIn(metering.spool.directory);
    const died = new SpoolSource(folder);
    died.read();
    const sent = died.waiting.map(({ line }) => (JSON.parse(line) as { id: string }).id);
    died.acknowledge(40);

    const sink = new KeepingSink();
    await shipAll(shipperOf(metering, sink));
    assert.deepEqual(sink.ids, sent.slice(40));
    metering.remove();
  });

  it('leaves a spool to the one that has it', async () => {
    const metering = settings();
    const writer = startWriter(metering, { total: 1 });
    await until('it has spooled', () => writer.stored() >= 1);
    const sink = new KeepingSink();
    const shipper = shipperOf(metering, sink);
    const other = execFileSync('flock', [
      '-n',
      join(metering.spool.directory, 'shipper.lock'),
      'true',
    ]);
    assert.equal(other.length, 0);
    const running = shipper.run();
    await until('it is shipped', () => sink.ids.length === 1);
    assert.throws(() =>
      execFileSync('flock', ['-n', join(metering.spool.directory, 'shipper.lock'), 'true']),
    );
    shipper.stop(false);
    await running;
    await writer.kill();
    metering.remove();
  });
});
