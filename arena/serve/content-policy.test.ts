import assert from 'node:assert/strict';
import { it } from 'node:test';

import { NOTHING_POLICY, pagePolicy } from './content-policy.ts';

it('allows the scripts that are in the page, by their hash, and no other', () => {
  // Source: printf 'alert(1)' | openssl dgst -sha256 -binary | base64
  const hash = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
  const policy = pagePolicy(
    '<p>a</p><SCRIPT type="module">alert(1)</SCRIPT ><script>alert(1)</script>',
  );
  assert.match(policy, /script-src 'sha256-[^']+';/);
  assert.ok(policy.includes(`script-src ${hash};`), policy);
  assert.ok(!/script-src[^;]*unsafe/.test(policy));
});

it('allows style sheets by their hash, and no style attributes', () => {
  const policy = pagePolicy('<style>p { color: red }</style><p style="color: blue">');
  assert.match(policy, /style-src 'sha256-[^']+';/);
  assert.ok(!policy.includes('unsafe'));
});

it('allows no script where there is none', () => {
  assert.match(pagePolicy('<p>no <em>script</em>'), /script-src 'none';/);
});

it('lets nothing be loaded from or sent to elsewhere', () => {
  for (const policy of [
    pagePolicy('<script src="http://elsewhere/a.js"></script>'),
    NOTHING_POLICY,
  ]) {
    assert.match(policy, /^default-src 'none';/);
    assert.match(policy, /base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
    assert.ok(!policy.includes('http'));
  }
});
