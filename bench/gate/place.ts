/**
 * Where the gate finds the project, and keeps what it builds.
 *
 * @module
 */

import { join } from 'node:path';

import type { BuildPlace } from './builds/builds.ts';

/** The project's folder, from dist/bench/gate. */
export const PROJECT = join(import.meta.dirname, '../../..');
/** Not part of the repository, and kept between runs. */
const CACHE = join(PROJECT, '.build/gate');

export function buildPlace(keepAll = false): BuildPlace {
  const cargoTarget = process.env['GATE_CARGO_TARGET_DIR'] ?? join(CACHE, 'target');
  return { repository: PROJECT, cache: CACHE, cargoTarget, keepAll };
}
