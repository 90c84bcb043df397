/**
 * Passwords as text of strangers, their hashes, and turns to make them.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';

import { formatPasswordHash, parsePasswordHash } from '../../config/schema/password-hash.ts';
import { isBasic, readBasic } from './credentials.ts';
import { hashPassword, isPasswordOf } from './scrypt.ts';
import { Turns } from './turns.ts';

const CHEAP = { ln: 14, r: 8, p: 1 };

const bytes = (minLength: number) =>
  fc.uint8Array({ minLength, maxLength: 64 }).map((given) => Buffer.from(given));

const encode = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');

/** Without control characters and halves of characters. */
const plain = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .map((text) => text.replaceAll(/\p{C}/gu, ''));

describe('user and password in a field', () => {
  it('are what was put together, in normal form C', () => {
    const user = plain.map((text) => text.replaceAll(':', '')).filter((text) => text !== '');
    fc.assert(
      fc.property(user, plain, fc.constantFrom('Basic ', 'bAsIc   '), (name, password, scheme) => {
        const read = readBasic(scheme + encode(`${name}:${password}`));
        const expected = { user: name.normalize('NFC'), password: password.normalize('NFC') };
        assert.deepEqual(read, expected);
      }),
    );
  });

  it('have one text only: no other character more or less is the same', () => {
    for (const right of [encode('user:pass'), encode('user:passw'), encode('user:passwo')]) {
      const extra = fc.constantFrom('=', '\n', ' ', '-', '_', '.', '\0', 'é', ',', '\t');
      fc.assert(
        fc.property(fc.integer({ min: 1, max: right.length }), extra, (at, char) => {
          assert.equal(readBasic(`Basic ${right.slice(0, at)}${char}${right.slice(at)}`), null);
        }),
      );
    }
  });

  it('of any bytes never throw, and never hold a control character or a flaw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (given) => {
        const read = readBasic(`Basic ${encode(given)}`);
        if (read === null) return;
        const { user, password } = read;
        assert.ok(Buffer.from(user + password).every((byte) => byte >= 0x20 && byte !== 0x7f));
        assert.ok(user !== '' && !user.includes(':'));
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void readBasic(text)));
  });

  // biome-ignore format: a table is read by column.
  const malformed: readonly (readonly [string, string | Uint8Array])[] = [
    ['no colon',            'user'],
    ['no user',             ':password'],
    ['a zero byte',         'user:pass\0word'],
    ['a line break',        'us\ner:password'],
    ['DEL',                 'user:\x7f'],
    ['UTF-8 that is none',  Uint8Array.of(0x61, 0x3a, 0xff)],
    ['an overlong form',    Uint8Array.of(0x61, 0x3a, 0xc0, 0x80)],
    ['half a character',    Uint8Array.of(0x61, 0x3a, 0xed, 0xa0, 0x80)],
    ['a long user',         `${'u'.repeat(256)}:p`],
    ['a long password',     `u:${'p'.repeat(1025)}`],
  ];
  for (const [what, text] of malformed) {
    it(`are none with ${what}`, () => assert.equal(readBasic(`Basic ${encode(text)}`), null));
  }

  it('may be as long as is said, and the password empty or full of colons', () => {
    const [user, password] = ['u'.repeat(255), 'p'.repeat(1024)];
    assert.deepEqual(readBasic(`Basic ${encode(`${user}:${password}`)}`), { user, password });
    assert.deepEqual(readBasic(`Basic ${encode('u:')}`), { user: 'u', password: '' });
    assert.deepEqual(readBasic(`Basic ${encode('u::a:')}`), { user: 'u', password: ':a:' });
  });

  it('go by their scheme', () => {
    for (const field of ['Basic', 'basic x', 'BASIC  ']) assert.ok(isBasic(field), field);
    for (const field of [undefined, '', 'Basically x', 'Bearer Basic', ' Basic x']) {
      assert.ok(!isBasic(field), field);
    }
  });
});

describe('a hash of a password', () => {
  it('is right for the password alone, and another one each time', async () => {
    const [first, second] = [
      await hashPassword('pässword', CHEAP),
      await hashPassword('pässword', CHEAP),
    ];
    assert.notEqual(first, second);
    const known = parsePasswordHash(first);
    assert.ok(typeof known !== 'string', JSON.stringify(known));
    assert.equal(await isPasswordOf('pässword', known), true);
    assert.equal(await isPasswordOf('pässworD', known), false);
    assert.equal(await isPasswordOf('', known), false);
  });

  it('is read as others write it', async () => {
    // Of Python: hashlib.scrypt(b'password', salt=b'0123456789abcdef', n=2**14, r=8, p=1, dklen=32).
    const text =
      '$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$ApdFWK8NumyY29Er9pEt++7OZiECvcqPQXeIayRc7Ck';
    const known = parsePasswordHash(text);
    assert.ok(typeof known !== 'string', JSON.stringify(known));
    assert.equal(await isPasswordOf('password', known), true);
  });

  it('is text that can be taken apart and put together again', () => {
    fc.assert(
      fc.property(bytes(16), bytes(32), (salt, hash) => {
        const parts = { cost: CHEAP, salt, hash };
        assert.deepEqual(parsePasswordHash(formatPasswordHash(parts)), parts);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => typeof parsePasswordHash(text) === 'string'));
  });

  const [salt, hash] = ['A'.repeat(22), 'A'.repeat(43)];
  // biome-ignore format: a table is read by column.
  const wrong = [
    { text: 'password',                                      says: /^expected/ },
    { text: `$2b$12$${salt}${hash}`,                         says: /^expected/ },
    { text: `$scrypt$ln=014,r=8,p=1$${salt}$${hash}`,        says: /^expected/ },
    { text: `$scrypt$ln=14,r=8,p=1$${salt}$${hash}\n`,       says: /^expected/ },
    { text: `$scrypt$ln=14,r=8,p=1$${salt}$${hash}=`,        says: /^expected/ },
    { text: `$scrypt$ln=13,r=8,p=1$${salt}$${hash}`,         says: /too cheap/ },
    { text: `$scrypt$ln=14,r=7,p=1$${salt}$${hash}`,         says: /too cheap/ },
    { text: `$scrypt$ln=17,r=8,p=1$${salt}$${hash}`,         says: /64 MiB/ },
    { text: `$scrypt$ln=99,r=99,p=99$${salt}$${hash}`,       says: /64 MiB/ },
    { text: `$scrypt$ln=16,r=8,p=5$${salt}$${hash}`,         says: /too long/ },
    { text: `$scrypt$ln=14,r=8,p=1$AAAA$${hash}`,            says: /^the salt/ },
    { text: `$scrypt$ln=14,r=8,p=1$${'A'.repeat(21)}B$${hash}`, says: /^the salt/ },
    { text: `$scrypt$ln=14,r=8,p=1$${salt}$AAAA`,            says: /^the hash/ },
  ];
  for (const { text, says } of wrong) {
    it(`is refused: ${JSON.stringify(text)}`, () => {
      const found = parsePasswordHash(text);
      assert.ok(typeof found === 'string');
      assert.match(found, says);
    });
  }
});

describe('turns', () => {
  it('keep to their bounds, share what is asked for twice, and end in any case', async () => {
    const turns = new Turns<string>({ concurrencyMax: 2, pendingMax: 1 });
    const ends: (() => void)[] = [];
    let started = 0;
    const work = (text: string) => async () => {
      started += 1;
      await new Promise<void>((resolve) => ends.push(resolve));
      if (text === 'b') throw new Error('b fails');
      return text;
    };
    const [a, b, c] = ['a', 'b', 'c'].map((name) => turns.take(name, work(name)));
    assert.equal(turns.take('d', work('d')), null);
    assert.equal(turns.take('a', work('a')), a);
    assert.equal(turns.take('c', work('c')), c);
    assert.equal(started, 2);
    ends[1]?.();
    await assert.rejects(b ?? Promise.resolve(), /b fails/);
    await setImmediate();
    assert.equal(started, 3);
    const d = turns.take('d', work('d'));
    assert.ok(d !== null);
    ends[0]?.();
    assert.equal(await a, 'a');
    await setImmediate();
    for (const end of ends) end();
    assert.deepEqual(await Promise.all([c, d]), ['c', 'd']);
    assert.notEqual(turns.take('a', work('a')), a);
    for (const end of ends) end();
  });
});
