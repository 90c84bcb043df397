/**
 * Which client certificates a listener believes, and how the others are told: docs/tls.md has this
 * table for people.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConnectionOptions } from 'node:tls';

import { testPki } from '../support/pki.ts';
import { stage, upstreamYaml } from '../support/stage.ts';
import { outcome, showing, trusting } from '../support/tls-client.ts';

const pki = testPki();

function asking(mode: string, crl = '', more = ''): string {
  const lists = crl === '' ? '' : `, crl: ["${pki.file(`${crl}.crl`)}"]`;
  return pki.listener(pki.clientAuth(mode, `intermediatesMax: 1${lists}${more}`));
}

const LISTENERS: Readonly<Record<string, string>> = {
  off: pki.listener(),
  optional: asking('optional'),
  required: asking('required'),
  'with a list': asking('required', 'ca'),
  'with a list, leafOnly': asking('required', 'ca', ', revocation: { leafOnly: true }'),
  'with an old list': asking('required', 'old'),
  'with an old list, acceptExpired': asking(
    'required',
    'old',
    ', revocation: { acceptExpired: true }',
  ),
  'with a list of another': asking('required', 'other-ca'),
  'with a list of another, acceptUnknown': asking(
    'required',
    'other-ca',
    ', revocation: { acceptUnknown: true }',
  ),
};

const ANSWERED = { alert: 'answered', reason: null } as const;
const NONE = { alert: 'TLSV13_ALERT_CERTIFICATE_REQUIRED', reason: 'no_client_certificate' };
const STRANGE = { alert: 'UNKNOWN_CA', reason: 'unknown_authority' };
const EXPIRED = {
  alert: 'CERTIFICATE_EXPIRED',
  reason: 'client_certificate_expired',
};
const EARLY = {
  alert: 'CERTIFICATE_EXPIRED',
  reason: 'client_certificate_not_yet_valid',
};
const USAGE = { alert: 'UNSUPPORTED_CERTIFICATE', reason: 'client_certificate_usage' };
const LONG = { alert: 'CERTIFICATE_UNKNOWN', reason: 'chain_too_long' };
const REVOKED = { alert: 'CERTIFICATE_REVOKED', reason: 'client_certificate_revoked' };
const UNKNOWN = { alert: 'UNKNOWN_CA', reason: 'revocation_unknown' };

// biome-ignore format: a table is read by column.
const CASES = [
  { on: 'off',         shows: null,          meets: ANSWERED },
  { on: 'off',         shows: 'good',        meets: ANSWERED },
  { on: 'off',         shows: 'stranger',    meets: ANSWERED },
  { on: 'optional',    shows: null,          meets: ANSWERED },
  { on: 'optional',    shows: 'good',        meets: ANSWERED },
  { on: 'optional',    shows: 'stranger',    meets: STRANGE },
  { on: 'optional',    shows: 'expired',     meets: EXPIRED },
  { on: 'optional',    shows: 'early',       meets: EARLY },
  { on: 'optional',    shows: 'wrong-usage', meets: USAGE },
  { on: 'optional',    shows: 'deep',        meets: LONG },
  { on: 'required',    shows: null,          meets: NONE },
  { on: 'required',    shows: 'good',        meets: ANSWERED },
  { on: 'required',    shows: 'no-usage',    meets: ANSWERED },
  { on: 'required',    shows: 'two-uris',    meets: ANSWERED },
  { on: 'required',    shows: 'below',       meets: ANSWERED },
  { on: 'required',    shows: 'deep',        meets: LONG },
  { on: 'required',    shows: 'stranger',    meets: STRANGE },
  { on: 'required',    shows: 'expired',     meets: EXPIRED },
  { on: 'required',    shows: 'early',       meets: EARLY },
  { on: 'required',    shows: 'wrong-usage', meets: USAGE },
  { on: 'required',    shows: 'revoked',     meets: ANSWERED },
  { on: 'with a list', shows: 'good',        meets: ANSWERED },
  { on: 'with a list', shows: 'revoked',     meets: REVOKED },
  { on: 'with a list', shows: 'below',       meets: UNKNOWN },
  { on: 'with a list, leafOnly',                 shows: 'below',   meets: UNKNOWN },
  { on: 'with an old list',                      shows: 'good',    meets: UNKNOWN },
  { on: 'with an old list, acceptExpired',       shows: 'good',    meets: ANSWERED },
  { on: 'with an old list, acceptExpired',       shows: 'revoked', meets: REVOKED },
  { on: 'with a list of another',                shows: 'good',    meets: UNKNOWN },
  { on: 'with a list of another, acceptUnknown', shows: 'good',    meets: ANSWERED },
] as const;

describe('clientAuth', () => {
  const on = stage((url) => `${upstreamYaml(url)}routes: [{ name: all, upstream: up }]`, {
    listeners: Object.values(LISTENERS),
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const { on: listener, shows, meets } of CASES) {
      it(`${listener}: ${shows ?? 'no certificate'} meets ${meets.alert} (${version})`, async () => {
        const port = on.gateway.ports[Object.keys(LISTENERS).indexOf(listener)] ?? 0;
        const more: ConnectionOptions = { minVersion: version, maxVersion: version };
        const client = shows === null ? trusting(pki, more) : showing(pki, shows, more);
        const total = await on.gateway.metric('stoa_tls_failures_total');
        const counted = await failures(meets.reason);

        assert.equal(await outcome(port, client), meets.alert);
        const refused = meets.reason === null ? 0 : 1;
        assert.equal(on.upstream.requests.length, 1 - refused);
        assert.equal((await on.gateway.metric('stoa_tls_failures_total')) - total, refused);
        assert.equal((await failures(meets.reason)) - counted, refused);
      });
    }
  }

  function failures(reason: string | null): Promise<number> {
    if (reason === null) return Promise.resolve(0);
    return on.gateway.metric('stoa_tls_failures_total', { reason });
  }
});
