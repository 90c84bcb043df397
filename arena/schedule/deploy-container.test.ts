import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { read } from './deploy.fixture.ts';

describe('the Dockerfile', () => {
  const text = read('deploy/container/Dockerfile');
  const instructions = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '');

  it('has no other instructions than known ones', () => {
    for (const line of instructions) {
      assert.match(line, /^(?:ARG|FROM|COPY|ENV|RUN|WORKDIR|USER|VOLUME|ENTRYPOINT|CMD) /);
    }
  });

  it('builds on images that can be given by digest, none by `latest`', () => {
    const bases = instructions.flatMap((line) => /^FROM \$\{(\w+)\}/.exec(line)?.[1] ?? []);
    assert.equal(bases.length, 3);
    for (const base of bases) {
      const [, image = ''] = new RegExp(`^ARG ${base}=(.*)$`, 'm').exec(text) ?? [];
      assert.match(image, /^docker\.io\/library\/\w+:\d[\w.-]+$/);
    }
  });

  it('has the Rust that the workspace asks for, and a Node that the gateway takes', () => {
    const [, wanted = ''] = /^rust-version = "([\d.]+)"/m.exec(read('Cargo.toml')) ?? [];
    assert.ok(text.includes(`rust:${wanted}-bookworm`), wanted);
    assert.match(text, /node:20-bookworm\n/);
    assert.match(read('package.json'), /"node": ">=20/);
  });

  it('does not run as root, and hands signals on', () => {
    const user = instructions.findLast((line) => line.startsWith('USER '));
    assert.equal(user, 'USER 10001:10001');
    const entry = instructions.find((line) => line.startsWith('ENTRYPOINT ')) ?? '';
    assert.deepEqual(JSON.parse(entry.replace('ENTRYPOINT ', '')).slice(0, 2), ['tini', '--']);
  });

  it('says that it has not been built', () => {
    assert.match(text, /It has not been built by this project's own checks/);
  });
});
