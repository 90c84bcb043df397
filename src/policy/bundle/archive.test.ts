/** Archives from anywhere: read within bounds, or refused. @module */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';

import { readArchive } from './archive.ts';

const BLOCK_BYTES = 512;
const MAX_BYTES = 1_048_576;

/** One entry of a ustar archive. Source: POSIX.1-2017 pax, ustar format. */
function entry(name: string, content: string, type = '0'): Buffer {
  const body = Buffer.from(content);
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK_BYTES - (body.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return Buffer.concat([header, body, padding]);
}

function archive(...entries: readonly Buffer[]): Buffer {
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(2 * BLOCK_BYTES)]));
}

async function read(packed: Buffer): Promise<Record<string, string>> {
  const files = await readArchive(packed, MAX_BYTES);
  return Object.fromEntries(Array.from(files, ([name, bytes]) => [name, bytes.toString()]));
}

describe('an archive', () => {
  it('has its plain files, whatever their names begin with', async () => {
    const packed = archive(
      entry('/data.json', '{}'),
      entry('./.manifest', '{"a":1}'),
      entry('a/', '', '5'),
      entry('a/x.rego', 'package x'),
    );
    assert.deepEqual(await read(packed), {
      'data.json': '{}',
      '.manifest': '{"a":1}',
      'a/x.rego': 'package x',
    });
  });

  it('has long names in pax headers, each for one entry', async () => {
    const long = `${'d/'.repeat(80)}x.rego`;
    const record = `${long.length + 10} path=${long}\n`;
    const packed = archive(entry('pax', record, 'x'), entry('short', 'a'), entry('next', 'b'));
    assert.deepEqual(await read(packed), { [long]: 'a', next: 'b' });
  });

  it('leaves out links', async () => {
    assert.deepEqual(await read(archive(entry('policy.wasm', '', '2'))), {});
  });

  it('is refused when a name leads out of it', async () => {
    await assert.rejects(read(archive(entry('a/../../etc/passwd', 'x'))), /"\.\."/);
  });

  it('is refused when it unpacks to more than it may', async () => {
    const bomb = gzipSync(Buffer.alloc(MAX_BYTES + 1));
    await assert.rejects(read(bomb), /more than 1048576 bytes unpacked/);
  });

  it('is refused when it is cut off, or something else', async () => {
    const whole = archive(entry('a', 'x'.repeat(2000)));
    const cut = gzipSync(gunzipSync(whole).subarray(0, 1024));
    await assert.rejects(read(cut), /cut off/);
    await assert.rejects(read(Buffer.from('PK\u0003\u0004')), /not a gzipped archive/);
  });
});

it('whatever is damaged, an archive is read or refused', async () => {
  const tar = gunzipSync(archive(entry('data.json', '{"a":1}'), entry('policy.wasm', 'x')));
  const damage = fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(damage, async (changes) => {
      const damaged = Buffer.from(tar);
      for (const [at, byte] of changes) damaged[at] = byte;
      const names = await read(gzipSync(damaged)).then(Object.keys, (error: unknown) => {
        assert.ok(error instanceof Error);
        return [];
      });
      assert.ok(names.every((name) => !name.startsWith('/') && !name.split('/').includes('..')));
    }),
  );
});
