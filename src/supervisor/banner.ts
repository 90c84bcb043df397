/** What a person sees when the gateway is up: where it listens and what to try. @module */

import { type Address, formatAddress } from '../config/address.ts';

export interface BannerOptions {
  readonly mode: string;
  readonly workers: number;
  readonly addresses: readonly Address[];
  readonly admin: Address | null;
  readonly configFile: string | null;
  /** Paths of the routes: what there is to try is only offered where it works. */
  readonly paths: readonly string[];
  readonly demo: boolean;
}

const QUICKSTART_PATHS = ['/echo/*', '/limited'];
const STOP = '  Ctrl-C stops it.';

export function banner(options: BannerOptions): string {
  const { mode, workers, addresses, admin, configFile, paths, demo } = options;
  const processes = workers === 1 ? '1 worker' : `${workers} workers`;
  const lines = [
    '',
    `  STOA Gateway is ready: ${mode} mode, ${processes}`,
    '',
    ...addresses.map((address) => `    listening  http://${formatAddress(address)}`),
    `    admin      ${admin === null ? 'off' : `http://${formatAddress(admin)}/metrics`}`,
    `    config     ${configFile ?? 'command line'}`,
    '',
  ];
  const first = addresses[0];
  if (demo && first !== undefined) {
    const quickstart = QUICKSTART_PATHS.every((path) => paths.includes(path));
    lines.push(...(quickstart ? quickstartToTry : openRouteToTry)(localOrigin(first)));
  }
  return `${lines.join('\n')}\n`;
}

/** An origin that a client on this machine can connect to: a wildcard becomes loopback. */
function localOrigin({ host, port }: Address): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${formatAddress({ host: reachable, port })}`;
}

function openRouteToTry(origin: string): string[] {
  return ['  Try:', '', `    curl -i ${origin}/hello`, '', STOP, ''];
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
    STOP,
    '',
  ];
}
