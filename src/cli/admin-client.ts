/**
 * Asks the admin listener of a running gateway, as the configuration says where it is.
 *
 * Bounds: 10 s a question, 32 MiB of answer. What it says is shown as it is; the token never.
 *
 * @module
 */

import { request as httpRequest } from 'node:http';

import { parseAddress } from '../config/address.ts';
import { readAdminToken } from '../config/admin-token.ts';
import { loadConfig } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import { GatewayError } from '../errors.ts';

const TIMEOUT_MS = 10_000;
const ANSWER_MAX_BYTES = 32 * 1024 * 1024;
const ADDRESS_DEFAULT = '127.0.0.1:9901';
const TOKEN_HINT = ' (--token-file names its file, or --config the configuration that does)';

export interface AdminPlace {
  readonly address: string;
  readonly tokenFile: string | null;
}

/** `config` is a file or null for none; what is given beside it wins. */
export function adminPlace(
  config: string | null,
  given: { readonly admin?: string | undefined; readonly tokenFile?: string | undefined },
): AdminPlace {
  const known = config === null ? { address: ADDRESS_DEFAULT, tokenFile: null } : adminIn(config);
  return { address: given.admin ?? known.address, tokenFile: given.tokenFile ?? known.tokenFile };
}

function adminIn(file: string): AdminPlace {
  const loaded = loadConfig(file);
  if (!loaded.ok) {
    const [first] = loaded.problems;
    throw new GatewayError('config_invalid', first === undefined ? file : formatProblem(first));
  }
  const { admin } = loaded.model;
  if (admin !== null) return admin;
  throw new GatewayError('usage', `${file} has admin: off, so this gateway can't be asked`);
}

/** The answer's document. Throws a `GatewayError` with what a refusal says. */
export async function askAdmin(
  place: AdminPlace,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const token = place.tokenFile === null ? null : readAdminToken(place.tokenFile);
  const { status, text } = await exchange(place.address, {
    method,
    path,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? '' : JSON.stringify(body),
  });
  const said = documentIn(text);
  if (status >= 200 && status < 300) return said;
  const detail = typeof said === 'object' && said !== null && 'detail' in said ? said.detail : '';
  throw new GatewayError(
    'admin_refused',
    `the admin listener answered ${status}: ${String(detail)}${status === 401 ? TOKEN_HINT : ''}`,
  );
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function exchange(
  address: string,
  { method, path, headers, body }: Question,
): Promise<{ status: number; text: string }> {
  const parsed = parseAddress(address);
  if (parsed === null) throw new GatewayError('usage', `not host:port: ${address}`);
  // What listens on every address is asked on this machine.
  const every: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const host = every[parsed.host] ?? parsed.host;
  return new Promise((resolve, reject) => {
    const unreachable = (cause: unknown): void => {
      const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
      const detail = `no gateway answers on ${address}${reason}: is it running, and is that its admin address?`;
      reject(new GatewayError('admin_refused', detail, { cause }));
    };
    const sent = httpRequest(
      {
        host,
        port: parsed.port,
        method,
        path,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: false,
        timeout: TIMEOUT_MS,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_MAX_BYTES) response.destroy(new Error('too long an answer'));
          chunks.push(chunk);
        });
        response.on('error', unreachable);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, text });
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', unreachable);
    sent.end(body);
  });
}

function documentIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
