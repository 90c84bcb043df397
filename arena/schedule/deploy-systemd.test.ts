import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { assertUnderstood, ROOT, read } from './deploy.fixture.ts';
import { ROUND_LIMITS } from './round.ts';

const UNITS = 'deploy/systemd';

function analyze(...words: readonly string[]): ReturnType<typeof spawnSync> {
  return spawnSync('systemd-analyze', words, { encoding: 'utf8' });
}

describe('the systemd units', () => {
  const files = readdirSync(join(ROOT, UNITS)).toSorted();
  /** Sections, keys and values; a key that comes again adds to its values. */
  const unit = (file: string): Map<string, string[]> => {
    const values = new Map<string, string[]>();
    let section = '';
    for (const line of read(join(UNITS, file)).split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const [, opened] = /^\[(\w+)\]$/.exec(line) ?? [];
      const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      assert.ok(opened !== undefined || key !== undefined, `${file}: ${line}`);
      if (opened !== undefined) section = opened;
      else
        values.set(`${section}.${key}`, [...(values.get(`${section}.${key}`) ?? []), value ?? '']);
    }
    return values;
  };
  const missing = analyze('--version').status === 0 ? false : 'systemd-analyze is not installed';

  it('are a round, its timer, and the server', () => {
    assert.deepEqual(files, ['stoa-arena-serve.service', 'stoa-arena.service', 'stoa-arena.timer']);
  });

  for (const file of files.filter((name) => name.endsWith('.service'))) {
    it(`${file} calls a command as it is`, () => {
      const [start = ''] = unit(file).get('Service.ExecStart') ?? [];
      const [program, ...words] = start.split(' ');
      assert.equal(program, '/opt/stoa-gateway/bin/stoa-arena');
      assertUnderstood(words);
    });

    it(`${file} may do little, and what V8 and /proc/stat need`, () => {
      const settings = unit(file);
      const value = (key: string): string | undefined => settings.get(`Service.${key}`)?.[0];
      for (const key of ['NoNewPrivileges', 'PrivateTmp', 'PrivateDevices', 'ProtectHome']) {
        assert.equal(value(key), 'yes', key);
      }
      assert.equal(value('ProtectSystem'), 'strict');
      assert.equal(value('CapabilityBoundingSet'), '');
      assert.equal(value('MemoryDenyWriteExecute'), undefined);
      assert.equal(value('ProcSubset'), undefined);
    });
  }

  it('leave a round the time to end and report when it is stopped', () => {
    const [stopS = ''] = unit('stoa-arena.service').get('Service.TimeoutStopSec') ?? [];
    assert.ok(Number(stopS) * 1000 > ROUND_LIMITS.graceMs * 2);
    assert.deepEqual(unit('stoa-arena.service').get('Service.KillMode'), ['mixed']);
  });

  it('are what systemd understands', { skip: missing }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'arena-units-'));
    try {
      for (const file of files) {
        const text = read(join(UNITS, file)).replaceAll(
          '/opt/stoa-gateway/bin/stoa-arena',
          '/bin/true',
        );
        writeFileSync(join(folder, file), text);
      }
      const { status, stderr } = analyze('verify', ...files.map((file) => join(folder, file)));
      assert.deepEqual([status, stderr], [0, '']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('begin a round every 30 minutes', { skip: missing }, () => {
    const [calendar = ''] = unit('stoa-arena.timer').get('Timer.OnCalendar') ?? [];
    const base = '2026-11-21 20:40:00 UTC';
    const { status, stdout } = analyze(
      'calendar',
      '--iterations=3',
      `--base-time=${base}`,
      calendar,
    );
    assert.equal(status, 0);
    assert.match(String(stdout), /21:00:00 UTC[^]*21:30:00 UTC[^]*22:00:00 UTC/);
  });
});
