/**
 * Changes: on the disk before they are said to be done, in the table, and never forgotten silently.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { Revocations, type Table } from './revocations.ts';

/** What the workers would see. */
class Seen implements Table {
  readonly things = new Set<string>();

  revoke(kind: number, issuer: string, name: string): boolean {
    const isNew = !this.things.has(`${kind} ${issuer} ${name}`);
    this.things.add(`${kind} ${issuer} ${name}`);
    return isNew;
  }

  undoRevocation(kind: number, issuer: string, name: string): boolean {
    return this.things.delete(`${kind} ${issuer} ${name}`);
  }
}

const names = (revocations: Revocations) => revocations.list().map(({ name }) => name);
const refusal = (found: object) => ('refused' in found ? found.refused : found);
const consumer = (name: string) => ({ kind: 'consumer', name });

describe('what is revoked', () => {
  let folder = '';
  let file = '';
  let nowMs = Date.parse('2026-11-01T00:00:00Z');
  let errors: unknown[] = [];
  let opened: Revocations[] = [];
  const open = (
    table: Table = new Seen(),
    { max = 100, fileMaxBytes = 1e6 }: { max?: number; fileMaxBytes?: number } = {},
  ): Revocations => {
    const revocations = new Revocations({
      file,
      max,
      fileMaxBytes,
      issuers: new Map([['idp', 'https://idp.test']]),
      table,
      nowMs: () => nowMs,
      onError: (error) => void errors.push(error),
    });
    opened.push(revocations);
    return revocations;
  };
  const restart = (table?: Table): Revocations => {
    for (const one of opened.splice(0)) one.close();
    return open(table);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stoa-revocations-'));
    file = join(folder, 'below', 'revocations.jsonl');
    errors = [];
  });
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
    rmSync(folder, { recursive: true });
  });

  it('makes no file until there is something to keep', () => {
    open();
    assert.deepEqual(existsSync(join(folder, 'below')), false);
  });

  it('is there after a start, and what was undone is not', () => {
    const revocations = open();
    for (const name of ['a', 'b', 'c'])
      assert.ok(!('refused' in revocations.revoke(consumer(name))));
    const [first] = revocations.list();
    revocations.undo(first?.id ?? '');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const seen = new Seen();
    assert.deepEqual(names(restart(seen)), ['b', 'c']);
    assert.deepEqual([...seen.things], ['4  b', '4  c']);
  });

  it('is one thing however often it is revoked', () => {
    const revocations = open();
    const [first, again] = [0, 1].map(() => revocations.revoke(consumer('a')));
    assert.ok(first !== undefined && 'isNew' in first && first.isNew);
    assert.ok(again !== undefined && 'isNew' in again && !again.isNew);
    assert.deepEqual(names(revocations), ['a']);
    assert.equal(refusal(revocations.undo('0'.repeat(32))), 'revocation_not_found');
    assert.equal(refusal(revocations.revoke({ kind: 'consumer' })), 'revocation_invalid');
  });

  it('is refused when there is no room, and none is forgotten for it', () => {
    const revocations = open(new Seen(), { max: 2 });
    for (const name of ['a', 'b']) revocations.revoke(consumer(name));
    assert.equal(refusal(revocations.revoke(consumer('c'))), 'revocations_full');
    assert.ok('isNew' in revocations.revoke(consumer('a')), 'it is there');
    assert.deepEqual(names(revocations), ['a', 'b']);
    assert.deepEqual(names(restart()), ['a', 'b']);
  });

  it('is refused when the file would be too long to be read again, and can be undone then', () => {
    const revocations = open(new Seen(), { fileMaxBytes: 1000 });
    const refusals: unknown[] = [];
    for (let count = 0; count < 20 && refusals.length === 0; count += 1) {
      const found = revocations.revoke(consumer(`c${revocations.list().length}`));
      if ('refused' in found) refusals.push(found.refused);
    }
    assert.deepEqual(refusals, ['revocations_full']);
    const kept = names(revocations);
    assert.ok(kept.length > 2);
    assert.deepEqual(names(restart()), kept);
    for (const one of opened.splice(0)) one.close();
    const again = open(new Seen(), { fileMaxBytes: statSync(file).size });
    const [first] = again.list();
    assert.ok('revocation' in again.undo(first?.id ?? ''));
    assert.deepEqual(names(restart()), kept.slice(1));
  });

  it('goes when the token has expired for every clock, not sooner', () => {
    const token = { kind: 'jti', name: 'x', issuer: 'idp', expiresAt: '2026-11-01T01:00:00Z' };
    const seen = new Seen();
    const revocations = open(seen);
    revocations.revoke(token);
    nowMs = Date.parse('2026-11-01T01:09:59Z');
    revocations.tend();
    assert.equal(seen.things.size, 1);
    assert.deepEqual(names(revocations), ['x']);
    nowMs = Date.parse('2026-11-01T01:10:00Z');
    revocations.tend();
    assert.equal(seen.things.size, 0);
    assert.deepEqual(names(restart()), []);
    nowMs = Date.parse('2026-11-01T00:00:00Z');
  });

  it('counts for the longest time that was asked for', () => {
    const token = { kind: 'jti', name: 'x', issuer: 'idp' };
    const revocations = open();
    revocations.revoke({ ...token, expiresAt: '2026-12-01' });
    revocations.revoke({ ...token, expiresAt: '2026-11-15' });
    assert.equal(revocations.list()[0]?.expiresAt, '2026-12-01T00:00:00.000Z');
    revocations.revoke(token);
    revocations.revoke({ ...token, expiresAt: '2027-01-01' });
    assert.equal(revocations.list()[0]?.expiresAt, null);
    assert.equal(restart().list()[0]?.expiresAt, null);
  });

  it('survives a crash in the middle of a line, and more is written behind it', () => {
    open().revoke(consumer('a'));
    appendFileSync(file, '{"revoked":{"id":"');
    const revocations = restart();
    assert.deepEqual(names(revocations), ['a']);
    revocations.revoke(consumer('b'));
    assert.deepEqual(names(restart()), ['a', 'b']);
  });

  it('stops the start when a line can’t be understood, and says where', () => {
    open().revoke(consumer('a'));
    const whole = readFileSync(file, 'utf8');
    for (const line of ['', '{}', '7', '{"undone":"x"}', whole.trim().replace('"a"', '"b"')]) {
      writeFileSync(file, `${whole}${line}\n`);
      for (const one of opened.splice(0)) one.close();
      assert.throws(() => open(), /revocations\.jsonl:2: not a line/);
    }
  });

  it('changes nothing where it can’t be written, and says so', {
    skip: process.getuid?.() === 0 && 'root may write anywhere',
  }, () => {
    mkdirSync(join(folder, 'below'));
    chmodSync(join(folder, 'below'), 0o500);
    const seen = new Seen();
    const revocations = open(seen);
    assert.equal(refusal(revocations.revoke(consumer('a'))), 'revocations_not_kept');
    assert.deepEqual([seen.things.size, revocations.list().length, errors.length], [0, 0, 1]);
    chmodSync(join(folder, 'below'), 0o700);
    assert.ok('isNew' in revocations.revoke(consumer('a')));
  });

  it('changes nothing where a folder is in the file’s place', () => {
    mkdirSync(join(file, 'x'), { recursive: true });
    assert.throws(() => open(), /EISDIR/);
  });

  it('is written whole when the file was taken away', () => {
    const revocations = open();
    revocations.revoke(consumer('a'));
    rmSync(file);
    revocations.revoke(consumer('b'));
    assert.deepEqual(names(restart()), ['a', 'b']);
  });

  it('is not written away by who can’t read what is there', () => {
    open().revoke(consumer('a'));
    for (const one of opened.splice(0)) one.close();
    const whole = readFileSync(file, 'utf8');
    rmSync(file);
    const revocations = open();
    writeFileSync(file, `${whole}nonsense\n`);
    revocations.tend();
    for (const name of ['b', 'c']) {
      assert.equal(refusal(revocations.revoke(consumer(name))), 'revocations_not_kept');
    }
    assert.equal(readFileSync(file, 'utf8'), `${whole}nonsense\n`);
    assert.equal(errors.length, 3);
  });

  it('does not grow without end', () => {
    const revocations = open();
    for (let count = 0; count < 2100; count += 1) {
      const change = revocations.revoke(consumer('a'));
      if ('revocation' in change) {
        revocations.undo(change.revocation.id);
      }
    }
    revocations.revoke(consumer('b'));
    revocations.tend();
    assert.ok(readFileSync(file, 'utf8').split('\n').length < 10);
    assert.deepEqual(names(restart()), ['b']);
  });

  it('is another gateway’s to change while that one runs, and is obeyed here all the same', async () => {
    open().revoke(consumer('a'));
    for (const one of opened.splice(0)) one.close();
    const holder = spawn('flock', [`${file}.lock`, 'sh', '-c', 'echo held; read _'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const seen = new Seen();
    const revocations = open(seen);
    assert.deepEqual([...seen.things], ['4  a']);
    assert.equal(refusal(revocations.revoke(consumer('b'))), 'revocations_elsewhere');
    assert.deepEqual(names(revocations), ['a']);
    // What the other one says before it ends counts when this one takes over.
    const line = readFileSync(file, 'utf8');
    const { id } = JSON.parse(line).revoked;
    appendFileSync(file, `${JSON.stringify({ undone: id })}\n`);
    holder.stdin.end();
    await once(holder, 'exit');
    revocations.tend();
    assert.equal(seen.things.size, 0);
    assert.ok('isNew' in revocations.revoke(consumer('b')));
    assert.deepEqual(names(restart()), ['b']);
  });
});
