/**
 * The token of the admin listener, as its file has it.
 *
 * Bounds: 32 to 1024 visible ASCII characters; a line break at the end does not count.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs';

import { GatewayError } from '../errors.ts';
import { reasonOf } from './references.ts';

const FILE_MAX_BYTES = 4096;

/** Throws a `GatewayError` that says what to do; never with anything of the token. */
export function readAdminToken(file: string): string {
  let token: string;
  try {
    token = statSync(file).size > FILE_MAX_BYTES ? '' : readFileSync(file, 'utf8').trimEnd();
  } catch (cause) {
    const detail = `the admin token cannot be read from ${file}: ${reasonOf(cause)}`;
    throw new GatewayError('config_invalid', detail, { cause });
  }
  if (/^[\x21-\x7e]{32,1024}$/.test(token)) return token;
  const detail = `${file}: an admin token is 32 to 1024 visible ASCII characters; "openssl rand -hex 32" makes one`;
  throw new GatewayError('config_invalid', detail);
}
