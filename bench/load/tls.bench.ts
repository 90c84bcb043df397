/**
 * Question: what do a full and a resumed TLS handshake, and bulk transfer, cost here and in nginx?
 * Unit: CPU µs a handshake, CPU s a GB (10⁹ bytes of bodies), of the target's whole process tree,
 * user and system; handshakes/s and MB/s where the target's core was full. Lower CPU is better.
 * Bar: at most 1.0 × nginx for each, with TLS 1.3 and with TLS 1.2.
 *
 * A handshake is a TCP connection, the handshake, one proxied request for 138 bytes and the close
 * that the client asked for: the same job as in compare.bench.ts, API key and limit included. Bulk
 * is 1-MiB bodies, proxied over connections that stay. Our own client (handshakes/) offers one
 * version, suite and group (AES-128-GCM, X25519) and shares core 1 with the upstream. The
 * certificate is ECDSA on P-256. Before anything is timed, tls-session.ts checks with another
 * client that both speak just that, and resume; every window in which handshakes were of the other
 * kind is void. When resuming, the first handshake of each connection is a full one, and counted.
 *
 * @module
 */

import { seeded, shuffled } from '../../arena/statistics/random.ts';
import { observe } from './block.ts';
import { type HandshakesPlan, handshakes, type Task, TASKS } from './handshakes.ts';
import { type Options, readOptions } from './options.ts';
import { conditionsOf, printConditions, readResults, Results } from './results.ts';
import { type Scene, withScene } from './scene.ts';
import { startTlsTargets, type Target } from './targets.ts';
import { printTls, type Row } from './tls-report.ts';
import { sessionOf, type Version } from './tls-session.ts';

const TARGETS = ['native', 'nginx'];
const VERSIONS = ['1.3', '1.2'] as const satisfies readonly Version[];
const TOOLS = { openssl: 'apt-get install openssl (it makes the certificate)' };
const WARM_UP_S = 1;

async function measure(
  { name, port, service }: Target,
  round: number,
  work: { readonly version: Version; readonly task: Task },
  { connections, seconds }: Options,
): Promise<Row> {
  const plan: HandshakesPlan = { port, ...work, connections, seconds };
  await handshakes({ ...plan, seconds: WARM_UP_S });
  const { result, cpuUs, ...seen } = await observe(service.pid, () => handshakes(plan));
  const units = work.task === 'bulk' ? result.bodyBytes / 1e9 : result.handshakes;
  return {
    kind: 'tls',
    round,
    target: name,
    ...work,
    ...result,
    cpuUs: cpuUs / units,
    perSecond: units / result.seconds,
    ...seen,
    void: [result.void, seen.void].filter(Boolean).join('; '),
  };
}

async function compare({ stage, targets, missing }: Scene, options: Options): Promise<void> {
  const results = new Results('tls');
  const conditions = conditionsOf(options, stage, { targets, missing });
  results.add(conditions);
  console.log('\nTLS handshakes and transfer, side by side');
  printConditions(conditions);
  for (const version of VERSIONS) {
    const sessions = await Promise.all(targets.map((target) => sessionOf(target, version)));
    console.log(`all speak ${[...new Set(sessions)].join(' / ')}, and resume`);
  }
  const random = seeded(options.seed);
  const rows: Row[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const version of VERSIONS) {
      for (const task of TASKS) {
        for (const target of shuffled(targets, random)) {
          const row = await measure(target, round, { version, task }, options);
          rows.push(row);
          results.add(row);
        }
      }
    }
    process.stderr.write(`round ${round} of ${options.rounds}\n`);
  }
  printTls(rows, options.seed);
  console.log(`\nraw rows: ${results.file}`);
}

const options = readOptions();
if (options.from === null) {
  await withScene(
    (stage) => startTlsTargets(stage, options.only.length > 0 ? options.only : TARGETS),
    (scene) => compare(scene, options),
    TOOLS,
  );
} else {
  const { conditions, rows } = readResults(options.from);
  printConditions(conditions);
  printTls(rows as Row[], conditions.options.seed);
}
process.exit(0);
