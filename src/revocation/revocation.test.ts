/**
 * What may be asked for, and what stands for it.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { idOf, KINDS, requestFrom, revocationFrom, tokenDigest } from './revocation.ts';

const DIGEST = 'a'.repeat(64);
const ISSUERS: Readonly<Record<string, string>> = { idp: 'https://idp.test' };
const read = (value: unknown) => requestFrom(value, (name) => ISSUERS[name] ?? null);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const claims = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a request to revoke', () => {
  // biome-ignore format: a table is read by column.
  const wrong: [unknown, RegExp][] = [
    ['consumer',                                          /JSON object/],
    [{ kind: 'all', name: 'x' },                          /kind is one of/],
    [{ kind: 'consumer' },                                /name is text/],
    [{ kind: 'consumer', name: '' },                      /name is text/],
    [{ kind: 'consumer', name: 7 },                       /name is text/],
    [{ kind: 'consumer', name: 'x'.repeat(1025) },        /name is text/],
    [{ kind: 'key', name: 'the-key-itself' },             /SHA-256/],
    [{ kind: 'token', name: DIGEST.slice(1) },            /SHA-256/],
    [{ kind: 'jti', name: 'x' },                          /needs its issuer/],
    [{ kind: 'jti', name: 'x', issuer: 'other' },         /unknown issuer/],
    [{ kind: 'key', name: DIGEST, issuer: 'idp' },        /has no issuer/],
    [{ kind: 'token', name: DIGEST, expiresAt: 'soon' },  /RFC 3339/],
    [{ kind: 'key', name: DIGEST, expiresAt: '2099-01-01' }, /only a token/],
    [{ kind: 'key', name: DIGEST, secret: 'x' },          /unknown member/],
  ];
  for (const [value, says] of wrong) {
    it(`that is ${JSON.stringify(value).slice(0, 60)} is told what is wrong, and nothing of it`, () => {
      const found = read(value);
      assert.ok(typeof found === 'string');
      assert.match(found, says);
      assert.doesNotMatch(found, /the-key-itself/);
    });
  }

  it('is a thing with its issuer by identifier and its digest in one form', () => {
    assert.deepEqual(read({ kind: 'jti', name: 'x', issuer: 'idp', expiresAt: '2099-01-01' }), {
      thing: { kind: 'jti', issuer: 'https://idp.test', name: 'x' },
      expiresAt: '2099-01-01T00:00:00.000Z',
    });
    assert.deepEqual(read({ kind: 'key', name: DIGEST.toUpperCase() }), {
      thing: { kind: 'key', issuer: null, name: DIGEST },
      expiresAt: null,
    });
  });

  it('comes back from a file as it was', () => {
    const thing = fc.oneof(
      fc.record({
        kind: fc.constantFrom('consumer' as const, 'tenant' as const),
        issuer: fc.constant(null),
        name: fc.string({ minLength: 1 }),
      }),
      fc.record({
        kind: fc.constantFrom('jti' as const, 'subject' as const),
        issuer: fc.string({ minLength: 1 }),
        name: fc.string({ minLength: 1 }),
      }),
    );
    fc.assert(
      fc.property(thing, thing, (one, other) => {
        const revokedAt = '2026-11-01T00:00:00.000Z';
        const revocation = { id: idOf(one), ...one, revokedAt, expiresAt: null };
        assert.deepEqual(revocationFrom(JSON.parse(JSON.stringify(revocation))), revocation);
        assert.equal(revocationFrom({ ...revocation, name: `${one.name}x` }), null);
        assert.equal(idOf(one) === idOf(other), JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});

describe('what a token is revoked by', () => {
  it('leaves its signature out, and says when it ends', () => {
    const signed = `e30.${claims({ exp: 1_800_000_000 })}`;
    for (const signature of ['one', 'two', '']) {
      assert.deepEqual(tokenDigest(`${signed}.${signature}`), {
        sha256: sha256(signed),
        expiresAt: '2027-01-15T08:00:00.000Z',
      });
    }
    for (const other of [
      claims({ exp: '7' }),
      claims({ exp: 1e300 }),
      claims({ exp: 253_402_300_800 }),
      claims(7),
      'nonsense',
      '',
    ]) {
      assert.deepEqual(tokenDigest(`e30.${other}.x`), {
        sha256: sha256(`e30.${other}`),
        expiresAt: null,
      });
    }
  });

  it('is all of one that is opaque', () => {
    for (const token of ['opaque', 'one.dot', 'a.b.c.d', 'a.b.c.d.e']) {
      assert.deepEqual(tokenDigest(token), { sha256: sha256(token), expiresAt: null });
    }
  });
});

it('has the kinds in the order that native code numbers them', () => {
  assert.deepEqual(KINDS, ['key', 'token', 'jti', 'subject', 'consumer', 'tenant']);
});
