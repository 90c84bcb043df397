import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { until } from '../host/wait.ts';
import { serveCommand } from './command.ts';

describe('the command serve', () => {
  let folder: string;
  let said: string;
  let exitCode: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arena-serve-command-'));
    said = '';
    exitCode = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const say = (text: string): void => {
    said += text;
  };
  const serve = (...words: readonly string[]): Promise<unknown> => {
    const command = serveCommand({
      metricsOf: () => '',
      out: say,
      err: say,
      exit: (code) => {
        exitCode = code;
      },
    });
    command.exitOverride().configureOutput({ writeErr: say });
    return command.parseAsync([...words], { from: 'user' });
  };

  it('says where it is, answers, and ends at a signal', async () => {
    const serving = serve(folder, '--address', '127.0.0.1:0');
    const [address = ''] = await until('an address', () => /http:\/\/127\.0\.0\.1:\d+/.exec(said));
    assert.equal((await fetch(`${address}/health/live`)).status, 200);

    await serve(folder, '--address', address.replace('http://', ''));
    assert.equal(exitCode, 1);
    assert.match(said, /error: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);

    process.emit('SIGTERM');
    await serving;
    await assert.rejects(fetch(`${address}/health/live`));
  });

  it('says what to do when there is no such folder', async () => {
    await serve(join(folder, 'nowhere'));
    assert.equal(exitCode, 1);
    assert.match(said, /nowhere is no folder: name the one that "stoa-arena schedule" writes into/);
  });

  it('refuses what is no address', async () => {
    await assert.rejects(serve(folder, '--address', 'here'), /An address has the form host:port/);
  });
});
