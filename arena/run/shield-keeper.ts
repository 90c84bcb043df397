/**
 * Reads who was moved (a `Kept`, as JSON) until its standard input ends, which comes with the end of
 * the run however that ends, and gives everybody the cores back: those that were moved, and what
 * they have started meanwhile.
 *
 * @module
 */

import { text } from 'node:stream/consumers';

import { bornTicksOf, everyProcess, moveTo } from '../host/placement.ts';
import { Kept } from './shield.ts';

const { moved, sinceTicks } = Kept.parse(JSON.parse(await text(process.stdin)));

for (const { pid, allowed } of moved) moveTo(allowed, pid);

// Born among those that had been moved: where these may run is inherited, not chosen.
const before = new Map(moved.map(({ elsewhere, allowed }) => [elsewhere, allowed]));
for (const { pid, allowed } of everyProcess()) {
  const whole = before.get(allowed);
  if (whole !== undefined && bornTicksOf(pid) >= sinceTicks) moveTo(whole, pid);
}
