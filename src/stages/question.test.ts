/**
 * Questions of paused exchanges, taken apart.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { knownOf, questionOf } from './question.ts';

const NONE = ['r', 'GET', 'http://a/b', ''];

describe('a question', () => {
  it('gives back what native code has put into it', () => {
    const text = fc.string({
      unit: fc.integer({ min: 32, max: 255 }).map((n) => String.fromCharCode(n)),
    });
    const name = fc.stringMatching(/^[A-Za-z-]{1,8}$/);
    fc.assert(
      fc.property(
        fc.array(
          text.filter((one) => one !== ''),
          { minLength: 4, maxLength: 4 },
        ),
        fc.array(fc.tuple(name, text), { maxLength: 10 }),
        (start, fields) => {
          const question = questionOf(7, 1, [...start, ...fields.flat()].join('\0'));
          const { route, method, url, certificateSha256 } = question;
          assert.deepEqual([route, method, url, certificateSha256], start);
          for (const [wanted] of fields) {
            const values = fields.filter(([own]) => own.toLowerCase() === wanted.toLowerCase());
            assert.equal(
              question.header(wanted.toUpperCase()),
              values.map(([, value]) => value).join(', '),
            );
          }
          assert.equal(question.header('none of these'), undefined);
        },
      ),
    );
  });

  it('to a policy has more in front, whatever is in it', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', '\n', 'é', '€', '𝄞') });
    const parts = fc.array(text, { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(parts, fc.array(text, { maxLength: 8 }), (start, behind) => {
        const bytes = Buffer.from([...start, ...behind].join('\0')).toString('latin1');
        const { known, rest } = knownOf(bytes);
        const [id, ip, consumer, tenant, plan, subject, claims] = start;
        assert.deepEqual(known, {
          requestId: id,
          clientIp: ip,
          consumer: consumer || null,
          tenant: tenant || null,
          plan: plan || null,
          certificateSubject: subject,
          claims: claims || null,
        });
        assert.equal(rest, Buffer.from(behind.join('\0')).toString('latin1'));
      }),
    );
  });

  it('takes no value for a name', () => {
    const question = questionOf(7, 1, [...NONE, 'a', 'authorization', 'b', 'x'].join('\0'));
    assert.equal(question.header('authorization'), undefined);
    assert.equal(question.certificateSha256, null);
  });
});
