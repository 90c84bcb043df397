/**
 * Certificates read anew on SIGHUP: new connections get the new ones, open ones go on, and files
 * that are wrong change nothing.
 *
 * @module
 */

import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

import { type Gateway, startGateway } from '../support/gateway.ts';
import { testPki } from '../support/pki.ts';
import { callOn, RawClient } from '../support/raw-client.ts';
import { ok, RecordingUpstream } from '../support/recording-upstream.ts';
import { upstreamYaml } from '../support/stage.ts';
import { connectTls, trusting } from '../support/tls-client.ts';
import { until } from '../../arena/host/wait.ts';

const pki = testPki();

describe('SIGHUP, with TLS', () => {
  let upstream: RecordingUpstream;
  let gateway: Gateway;
  before(async () => {
    upstream = await RecordingUpstream.start(() => ok('done'));
    use('gw');
    gateway = await startGateway(
      `${upstreamYaml(upstream.url)}routes: [{ name: all, upstream: up }]`,
      { listeners: [`tls: { certificates: [${pki.certificate('live')}] }`], workers: 2 },
    );
  });
  after(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  function use(name: string): void {
    for (const kind of ['crt', 'key']) {
      copyFileSync(pki.file(`${name}.${kind}`), pki.file(`live.${kind}`));
    }
  }

  /** How often the log says so, in all workers. */
  function told(event: string): number {
    return gateway.output.split('\n').filter((line) => line.includes(`"${event}"`)).length;
  }

  async function reload(event: string): Promise<void> {
    const earlier = told(event);
    gateway.signal('SIGHUP');
    await until(event, () => told(event) === earlier + 2);
  }

  async function names(options: ConnectionOptions): Promise<string | undefined> {
    const socket: TLSSocket = await connectTls(gateway.port, options);
    const { subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  }

  const anybody = trusting(pki, { rejectUnauthorized: false });

  it('shows new certificates to new connections, and goes on with those that are open', async () => {
    assert.match((await names(anybody)) ?? '', /DNS:gw\.test/);
    const open = RawClient.on(await connectTls(gateway.port, anybody));
    assert.equal((await callOn(open, 'GET /')).status, 200);
    use('other');
    await reload('certificates_reloaded');
    assert.match((await names(anybody)) ?? '', /DNS:other\.test/);
    assert.equal((await callOn(open, 'GET /')).status, 200);
    open.close();
  });

  it('keeps what it has when a file is wrong, and says so', async () => {
    use('gw');
    await reload('certificates_reloaded');
    writeFileSync(pki.file('live.crt'), 'nothing of the kind');
    await reload('certificates_not_reloaded');
    assert.match((await names(anybody)) ?? '', /DNS:gw\.test/);
    assert.match(gateway.output, /live\.crt/);
  });
});
