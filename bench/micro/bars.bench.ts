/**
 * The closing table of `make bench`: each cost with a bar, what it should be and what it was.
 *
 * `node bars.bench.js FILE`, what the benchmarks before it were given by `--bars`. Measures nothing.
 *
 * @module
 */

import { keptBars } from './bars.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('which file? node bars.bench.js FILE');
console.log('\nWhat was asked for, and what it came to');
console.table(keptBars(file));
