/**
 * A process that spools events until it is killed, and says after each call how many are safe.
 *
 * @module
 */

import { writeSync } from 'node:fs';

import { appendToSpool, openSpool } from '../../src/native/addon.ts';

const [meteringJson = '', tenant = 'acme', total = '0', pauseEvery = '0'] = process.argv.slice(2);
openSpool(meteringJson, 0);
let stored = 0;
const wanted = total === '0' ? Number.POSITIVE_INFINITY : Number(total);
for (let call = 1; stored < wanted; call += 1) {
  stored += appendToSpool(tenant, 200, 1);
  writeSync(1, `${stored}\n`);
  if (Number(pauseEvery) > 0 && call % Number(pauseEvery) === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
// Alive, and so the owner of its folder, until it is told otherwise.
setInterval(() => {}, 1000);
