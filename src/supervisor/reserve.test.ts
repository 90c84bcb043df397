import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { it } from 'node:test';

import { reservePorts } from './reserve.ts';

const LOOPBACK = '127.0.0.1';

it('picks different free ports for 0 and leaves them free', async () => {
  const free = { host: LOOPBACK, port: 0 };
  const [a, b] = await reservePorts([free, free]);
  assert.ok(a !== undefined && b !== undefined);
  assert.ok(a.port > 0 && b.port > 0 && a.port !== b.port);
  assert.deepEqual(await reservePorts([a, b]), [a, b]);
});

it('names the address that somebody else holds', async () => {
  const stranger = createServer();
  await new Promise<void>((resolve) => {
    stranger.listen(0, LOOPBACK, () => resolve());
  });
  const { port } = stranger.address() as AddressInfo;
  await assert.rejects(reservePorts([{ host: LOOPBACK, port }]), {
    code: 'address_in_use',
    message: `127.0.0.1:${port} is in use by another process, or listed twice`,
  });
  stranger.close();
});

it('finds a port that the configuration lists twice', async () => {
  const [address] = await reservePorts([{ host: LOOPBACK, port: 0 }]);
  assert.ok(address !== undefined);
  await assert.rejects(reservePorts([address, address]), /listed twice/);
});

it('names an address of another machine', async () => {
  await assert.rejects(reservePorts([{ host: '192.0.2.1', port: 8080 }]), {
    message: '192.0.2.1:8080 is not an address of this machine',
  });
});
