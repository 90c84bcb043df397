import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { runCli } from './program.ts';

const EVENT = {
  specversion: '1.0',
  type: 'stoa.metering.request.v1',
  source: 'urn:stoa:worker:aa',
  datacontenttype: 'application/json',
};
const DATA = { worker: 0, decision: 'forwarded', status: 200, bytesIn: 3, durationUs: 9 };

function line(sequence: number, tenant: string, bytesOut: number): string {
  const data = { ...DATA, tenant, bytesOut };
  return JSON.stringify({ ...EVENT, id: `aa-${sequence}`, time: '2026-11-21T10:00:00.000Z', data });
}

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runCli(['usage', ...argv], {
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

describe('usage', () => {
  let folder = '';
  let file = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-usage-'));
    file = join(folder, 'events.jsonl');
    const lines = [line(0, 'acme', 5), line(1, 'beta', 7), line(1, 'beta', 7), line(2, 'acme', 6)];
    writeFileSync(file, `${lines.join('\n')}\n`);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('sums files for programs', async () => {
    const { code, out } = await run(file, '--by', 'tenant', '--period', 'day', '-o', 'json');
    assert.equal(code, 0);
    const sums = JSON.parse(out) as {
      group: unknown;
      from: string;
      requests: number;
      bytesOut: number;
    }[];
    assert.deepEqual(
      sums.map(({ group, from, requests, bytesOut }) => ({ group, from, requests, bytesOut })),
      [
        { group: { tenant: 'acme' }, from: '2026-11-21', requests: 2, bytesOut: 11 },
        { group: { tenant: 'beta' }, from: '2026-11-21', requests: 1, bytesOut: 7 },
      ],
    );
  });

  it('sums files for people', async () => {
    const { out } = await run(file, '--by', 'tenant');
    assert.equal(
      out,
      [
        'tenant  requests  refused  failed  bytesIn  bytesOut',
        'acme           2        0       0        6        11',
        'beta           1        0       0        3         7',
        '',
      ].join('\n'),
    );
  });

  it('says that there is nothing', async () => {
    const { code, out } = await run(file, '--since', '2026-12-01');
    assert.deepEqual([code, out], [0, 'no events\n']);
  });

  it('says when there are events where a gateway has written none', async () => {
    const config = join(folder, 'gateway.yaml');
    writeFileSync(config, 'version: 1\nroutes: []\n');
    const { code, out } = await run('-c', config);
    assert.equal(code, 0);
    assert.match(out, /^no events; they are written while metering is on/);
  });

  for (const [argv, said] of [
    [['--by', 'nobody'], /Names are some of tenant/],
    [['--since', 'yesterday'], /A time has the form/],
    [['/nowhere.jsonl'], /no such file: \/nowhere\.jsonl/],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, async () => {
      const { code, err } = await run(...argv);
      assert.equal(code, 2);
      assert.match(err, said);
    });
  }

  it('says which file holds something else', async () => {
    const other = join(folder, 'other.jsonl');
    writeFileSync(other, '{"a":1}\n');
    const { code, err } = await run(other);
    assert.equal(code, 2);
    assert.match(err, /other\.jsonl holds a line that is no usage event/);
  });
});
