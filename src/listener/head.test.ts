import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { headJoiner } from './head.ts';

describe('a joined head', () => {
  it('has a request line, its fields in the order they came, and an empty line', () => {
    const head = headJoiner();
    head.start('GET', '/a', undefined);
    head.addField('host', 'a.test');
    head.addField('x-empty', '');
    head.addField('host', 'b.test');
    assert.equal(
      head.end(),
      'GET /a HTTP/1.1\r\nhost: a.test\r\nx-empty: \r\nhost: b.test\r\n\r\n',
    );
  });

  it('keeps a question mark without a query, and adds none', () => {
    const head = headJoiner();
    head.start('GET', '/a', '');
    assert.equal(head.end(), 'GET /a? HTTP/1.1\r\n\r\n');
    head.start('GET', '/a', 'b=c');
    assert.equal(head.end(), 'GET /a?b=c HTTP/1.1\r\n\r\n');
  });

  it('holds nothing of the one before', () => {
    const head = headJoiner();
    head.start('POST', '/a', 'b');
    head.addField('x-one', '1');
    head.end();
    head.start('GET', '/', undefined);
    assert.equal(head.end(), 'GET / HTTP/1.1\r\n\r\n');
  });
});
