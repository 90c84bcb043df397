/** What a person sees when the gateway is up: where it listens and what to try. @module */

import { type Address, formatAddress } from '../config/address.ts';

export interface BannerOptions {
  readonly mode: string;
  readonly workers: number;
  readonly listeners: readonly { readonly address: Address; readonly isTls: boolean }[];
  readonly admin: Address | null;
  readonly configFile: string | null;
  /** Paths of the routes: what there is to try is only offered where it works. */
  readonly paths: readonly string[];
  readonly demo: boolean;
}

const QUICKSTART_PATHS = ['/echo/*', '/limited'];

export function banner(options: BannerOptions): string {
  const { mode, workers, listeners, admin, configFile, paths, demo } = options;
  const processes = workers === 1 ? '1 worker' : `${workers} workers`;
  const lines = [
    '',
    `  STOA Gateway is ready: ${mode} mode, ${processes}`,
    '',
    ...listeners.map((one) => `    listening  ${schemeOf(one)}://${formatAddress(one.address)}`),
    `    admin      ${admin === null ? 'off' : `http://${formatAddress(admin)}/metrics`}`,
    `    config     ${configFile ?? 'command line'}`,
    '',
  ];
  const plain = listeners.find(({ isTls }) => !isTls);
  if (demo) {
    const toTry = plain === undefined ? [] : linesToTry(paths, localOrigin(plain.address));
    lines.push(...toTry, '  Ctrl-C stops it.', '');
  }
  return `${lines.join('\n')}\n`;
}

function schemeOf({ isTls }: { readonly isTls: boolean }): string {
  return isTls ? 'https' : 'http';
}

/** Nothing where the routes are neither the quickstart's nor an open one: what they ask is not known here. */
function linesToTry(paths: readonly string[], origin: string): string[] {
  if (QUICKSTART_PATHS.every((path) => paths.includes(path))) return quickstartToTry(origin);
  return paths.every((path) => path === '/*') ? openRouteToTry(origin) : [];
}

/** An origin that a client on this machine can connect to: a wildcard becomes loopback. */
function localOrigin({ host, port }: Address): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${formatAddress({ host: reachable, port })}`;
}

function openRouteToTry(origin: string): string[] {
  return ['  Try:', '', `    curl -i ${origin}/hello`, ''];
}

/** Against `examples/quickstart/gateway.yaml`: a 401, a 200 and a 429. */
function quickstartToTry(origin: string): string[] {
  const key = "-H 'x-api-key: good'";
  return [
    '  Try (no key: 401; a good key: 200; the sixth request in ten seconds: 429):',
    '',
    `    curl -i ${origin}/echo/hello`,
    `    curl -i ${key} ${origin}/echo/hello`,
    `    for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code}\\n' ${key} ${origin}/limited; done`,
    '',
  ];
}
