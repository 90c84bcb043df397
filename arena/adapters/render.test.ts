import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';

import { renderConfig, renderText } from './render.ts';
import { templateValues } from './values.ts';

const VALUES = templateValues('full', {
  project: '/project',
  here: '/project/arena/targets/x',
  folder: '/run/x',
  scratch: '/run/x',
  port: 8080,
  ports: { admin: 8081 },
  upstream: { host: '127.0.0.1', port: 9000 },
  workers: 2,
  values: { front: 'uws' },
});

function render(template: string): string {
  return renderText(template, 'targets/x/x.conf.eta', VALUES);
}

describe('a template', () => {
  it('gets the values of its tier and place, nothing escaped', () => {
    const text = render(
      '<%= it.port %> <%= it.values.front %> "<%= "<&>" %>" <%= it.ports.admin %>',
    );
    assert.equal(text, '8080 uws "<&>" 8081');
  });

  it('leaves no line behind where only a statement stands', () => {
    const template = 'a\n<% if (it.key) { %>\nb\n  <% } %>\nc <%= it.workers %>\nd\n';
    assert.equal(render(template), 'a\nb\nc 2\nd\n');
  });

  it('goes over consumers', () => {
    const text = render(
      '<% for (const { name } of it.consumers.slice(0, 2)) { %>\n<%= name %>\n<% } %>',
    );
    assert.equal(text, 'consumer-0\nconsumer-1\n');
  });

  // biome-ignore format: a table is read by column.
  const faults = [
    { template: 'a\nb <%= it.prot %>',             says: /^targets\/x\/x\.conf\.eta: line 2: there is no it\.prot$/ },
    { template: 'a\n\n<%= it.upstream.prot %>',    says: /line 3: there is no it\.upstream\.prot/ },
    { template: '<%= it.consumers[0].nmae %>',     says: /line 1: there is no it\.consumers\.0\.nmae/ },
    { template: '<%= it.routes.find((r) => r) %>', says: /line 1: expected text or a number, found undefined/ },
    { template: '<%= it.key %>',                   says: /line 1: expected text or a number, found true/ },
    { template: 'a\n<%= prot %>',                  says: /line 2: prot is not defined/ },
    { template: 'a\n<% if ( { %>',                 says: /x\.conf\.eta: Bad template syntax/ },
    { template: '<%= it.port',                     says: /x\.conf\.eta: unclosed tag at line 1/ },
  ];
  for (const { template, says } of faults) {
    it(`is refused with file and line: ${says.source}`, () => {
      assert.throws(() => render(template), { message: says });
    });
  }

  it('is hashed as it was rendered', () => {
    const config = renderConfig('x.conf', { text: 'p <%= it.port %>\n', source: 'x' }, VALUES);
    const sha256 = createHash('sha256').update('p 8080\n').digest('hex');
    assert.deepEqual(config, { file: 'x.conf', text: 'p 8080\n', sha256 });
  });
});

describe('the values of a tier', () => {
  const place = { ...VALUES };

  it('have no keys and routes where the tier has none', () => {
    const pass = templateValues('pass', place);
    assert.deepEqual(
      [pass.key, pass.full, pass.consumers.length, pass.routes.length],
      [false, false, 0, 0],
    );
  });

  it('have 1 000 routes and 10 000 keys in the tier with many', () => {
    const many = templateValues('routes', place);
    assert.deepEqual([many.consumers.length, many.routes.length], [10_000, 1000]);
    assert.deepEqual(many.routes[999], { name: 'route-999', prefix: '/api/r/999/' });
  });

  it('are the same in every run', () => {
    assert.equal(templateValues('jwt', place).jwks, templateValues('jwt', place).jwks);
    assert.match(templateValues('jwt', place).publicKeyPem, /^-----BEGIN PUBLIC KEY-----\n/);
  });
});
