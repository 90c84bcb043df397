/**
 * Where the project is, from what is compiled into dist/arena/adapters.
 *
 * @module
 */

import { join } from 'node:path';

export const PROJECT = join(import.meta.dirname, '../../..');
/** One folder for each target. */
export const TARGETS = join(PROJECT, 'arena/targets');
