import assert from 'node:assert/strict';
import { it } from 'node:test';

import { outline } from './outline.ts';

it('tells one fact a line and leaves out what says nothing', () => {
  const value = {
    route: 'echo',
    consumer: null,
    stages: ['auth', 'limit'],
    considered: [{ route: 'a', matched: false }],
    outcome: { kind: 'forward', endpoints: [] },
  };
  assert.equal(
    outline(value),
    `route: echo
stages:
  - auth
  - limit
considered:
  - route: a
    matched: false
outcome:
  kind: forward
`,
  );
});

it('keeps the lines of a text together', () => {
  assert.equal(outline({ head: 'GET /\r\nhost: a\r\n' }), 'head:\n  GET /\n  host: a\n');
});
