/**
 * What parses text of strangers: taken apart and put together again, it is the same, and nothing throws.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';

import { readAuthorization } from './authorization.ts';
import { headerValueFrom, nameFrom } from './forwarded-claims.ts';
import { candidates, mayVerify, readKeySet } from './key-set.ts';
import { thumbprintFrom } from './thumbprint.ts';
import { parseToken } from './token.ts';

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** In base64url, with zeros in front. */
function modulus(bits: number): string {
  const hex = (1n << BigInt(bits - 1)).toString(16).padStart(1024, '0');
  return Buffer.from(hex, 'hex').toString('base64url');
}

describe('tokens', () => {
  it('are taken apart as they were put together', () => {
    const signature = fc.uint8Array({ minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(object, signature, (claims, bytes) => {
        const header = { alg: 'ES256', kid: 'k', typ: 'application/AT+JWT' };
        const compact = `${encoded(header)}.${encoded(claims)}.${Buffer.from(bytes).toString('base64url')}`;
        const token = parseToken(compact);
        assert.ok(typeof token !== 'string');
        assert.deepEqual(token.claims, JSON.parse(JSON.stringify(claims)));
        const { algorithm, keyId, type } = token;
        assert.deepEqual([algorithm, keyId, type], ['ES256', 'k', 'at+jwt']);
      }),
    );
  });

  it('have one text only: no other character more or less is the same token', () => {
    const right = `${encoded({ alg: 'ES256' })}.${encoded({ sub: 'a' })}.AAAA`;
    const extra = fc.constantFrom('=', '\n', ' ', '+', '/', '.', '\0', 'é', '~');
    fc.assert(
      fc.property(fc.nat(right.length), extra, (at, char) => {
        assert.equal(typeof parseToken(right.slice(0, at) + char + right.slice(at)), 'string');
      }),
    );
  });

  it('of any text never throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseToken(text)));
    const part = fc.base64String();
    fc.assert(fc.property(part, part, part, (a, b, c) => void parseToken(`${a}.${b}.${c}`)));
  });
});

describe('Authorization', () => {
  it('gives the token that was put in, or a refusal', () => {
    const token = fc.stringMatching(/^[\w.~+/-]{1,40}={0,2}$/);
    fc.assert(
      fc.property(token, fc.constantFrom('Bearer', 'bearer', 'DPoP', 'DPOP'), (text, scheme) => {
        const isDpop = scheme.toLowerCase() === 'dpop';
        assert.deepEqual(readAuthorization(`${scheme} ${text}`, 100), { isDpop, token: text });
        assert.ok('refused' in readAuthorization(`${scheme} ${text}`, text.length - 1));
      }),
    );
  });

  it('of any text gives no token with anything but its characters', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = readAuthorization(`Bearer ${text}`, 1000);
        if (!('refused' in found)) assert.match(found.token, /^[\w.~+/-]+=*$/);
      }),
    );
  });
});

describe('digests of certificates', () => {
  const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

  it('are the same in every form', () => {
    fc.assert(
      fc.property(digest, (bytes) => {
        const hex = bytes.toString('hex');
        const colons = (hex.match(/../g) ?? []).join(':');
        const forms = [hex, colons, bytes.toString('base64url'), bytes.toString('base64')];
        for (const form of [...forms, hex.toUpperCase(), colons.toUpperCase()]) {
          assert.equal(thumbprintFrom(form), hex, form);
        }
      }),
    );
  });

  it('of another length, or with anything around, are none', () => {
    fc.assert(
      fc.property(digest, fc.constantFrom('0', ':', ' ', '\n', '=', '=='), (bytes, more) => {
        const forms = [bytes.toString('hex'), bytes.subarray(2).toString('base64url')];
        for (const form of forms) {
          assert.equal(thumbprintFrom(form + more), null);
          assert.equal(thumbprintFrom(more + form), null);
        }
      }),
    );
    assert.equal(thumbprintFrom(`${'00:'.repeat(20)}${'00'.repeat(12)}`), null);
  });
});

describe('key sets', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.constant(['verify']), fc.jsonValue());
  const names = ['kty', 'crv', 'alg', 'use', 'key_ops', 'kid', 'n', 'e', 'x', 'y', 'k'];
  const jwk = fc.record(Object.fromEntries(names.map((name) => [name, value])), {
    requiredKeys: [],
  });

  it('of anything never throw, and give four keys at most', () => {
    const keys = fc.array(fc.oneof(jwk, fc.jsonValue()), { maxLength: 20 });
    fc.assert(
      fc.property(keys, fc.constantFrom('RS256', 'ES256', 'EdDSA', 'none'), (list, algorithm) => {
        const set = readKeySet({ keys: list }) ?? [];
        assert.ok(candidates(set, { algorithm, keyId: null }).length <= 4);
      }),
    );
  });

  it('never have a key for what is no signature with a public key', () => {
    fc.assert(
      fc.property(
        jwk,
        fc.constantFrom('none', 'HS256', 'HS512', 'dir', '', '__proto__'),
        (key, algorithm) => assert.equal(mayVerify(key, algorithm), false),
      ),
    );
  });

  it('know how long a modulus is', () => {
    for (const [bits, isTaken] of [
      [1024, false],
      [2047, false],
      [2048, true],
      [4096, true],
    ] as const) {
      assert.equal(
        mayVerify({ kty: 'RSA', n: modulus(bits), e: 'AQAB' }, 'RS256'),
        isTaken,
        String(bits),
      );
    }
  });

  it('are bounded', () => {
    assert.equal(readKeySet({ keys: Array.from({ length: 257 }, () => ({ kty: 'EC' })) }), null);
  });
});

describe('claims as text', () => {
  it('are printable, whatever they were', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), (claim) => {
        assert.match(headerValueFrom(claim) ?? '', /^[\x20-\x7e]*$/);
        assert.match(nameFrom(claim) ?? 'x', /^[\x21-\x7e]+$/);
      }),
    );
  });
});
