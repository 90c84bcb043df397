/**
 * Starts the gateway in this process: segment, admin listener, workers, signals; and ends it.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { type Admin, openAdmin } from '../admin/server.ts';
import { type Address, formatAddress, parseAddress } from '../config/address.ts';
import type { Model } from '../config/schema.ts';
import { readAdminToken } from '../config/admin-token.ts';
import { GatewayError } from '../errors.ts';
import {
  createSegment,
  heartbeatAgesMs,
  NOTHING_SHARED,
  NOTHING_SHIPPED,
  type OpenedQuotas,
  openQuotas,
  renderMetrics,
  revoke,
  undoRevocation,
} from '../native/addon.ts';
import { shareQuotas } from '../quotas/share.ts';
import type { QuotaSync } from '../quotas/sync.ts';
import { Revocations } from '../revocation/revocations.ts';
import { describeError, type Log, processLog } from '../telemetry/log.ts';
import { banner } from './banner.ts';
import { bindFailure, reservePorts } from './reserve.ts';
import { ShipperProcess } from './shipper-process.ts';
import { onSignals } from './signals.ts';
import { Supervisor } from './supervisor.ts';

export interface StartOptions {
  /** Print what to try; the caller has started the demo backend. */
  readonly demo: boolean;
  /** Where the model came from, for people; null when it came from flags. */
  readonly configFile?: string | null;
}

const UNEXPECTED = { code: 'internal', exitCode: 1 };

const WORKER = fileURLToPath(new URL('../worker.js', import.meta.url));

/**
 * Runs until a signal ends it. Resolves to the exit code of the process: 0 after a drain, 1 when
 * the gateway could not start or was ended by a second signal. Never rejects.
 */
export async function startGateway(model: Model, options: StartOptions): Promise<number> {
  const log = processLog('main');
  try {
    return await supervise(model, options, log);
  } catch (error) {
    const { code, exitCode } = error instanceof GatewayError ? error : UNEXPECTED;
    log('error', 'gateway_failed', { code, message: describeError(error) });
    return exitCode;
  }
}

async function supervise(model: Model, options: StartOptions, log: Log): Promise<number> {
  const addresses = await reservePorts(model.listeners.map(({ address }) => addressOf(address)));
  const modelJson = JSON.stringify(model);
  const segmentFd = createSegment(modelJson);
  const quotasFd = quotasOf(modelJson, log);

  const redis = model.quotas?.redis ?? null;
  const quotas = redis === null ? null : await shareQuotas(redis, log);
  const shipper = model.metering === null ? null : new ShipperProcess({ modelJson, log });
  const supervisor = new Supervisor({
    workers: model.workers,
    modelJson,
    addresses,
    fork: () => forkWorker(model, quotasFd === null ? [segmentFd] : [segmentFd, quotasFd]),
    heartbeatAgesMs,
    stallMs: model.supervision.stallMs,
    drainMs: model.drain.deadlineMs,
    log,
    onReady: () => announce(model, options, addresses, admin, log),
  });
  const revocations = openRevocations(model, log);
  const admin = await adminOf(model, { supervisor, shipper, quotas, revocations }, log);
  const releaseSignals = onSignals(supervisor, log);
  try {
    // First, so that what holds without the others holds for the first request.
    quotas?.start();
    const finished = supervisor.run();
    shipper?.start();
    const exitCode = await finished;
    await quotas?.stop();
    // Only now is nothing written behind what it ships.
    await shipper?.stop(exitCode === 0);
    log('info', 'gateway_stopped', { exitCode });
    return exitCode;
  } finally {
    releaseSignals();
    await admin?.close();
    revocations.close();
  }
}

/** Before the first worker is forked, so that none ever admits what was revoked earlier. */
function openRevocations({ revocations, identity }: Model, log: Log): Revocations {
  const issuers = Object.entries(identity.issuers).map(([name, { issuer }]): [string, string] => [
    name,
    issuer,
  ]);
  try {
    return new Revocations({
      ...revocations,
      issuers: new Map(issuers),
      table: { revoke, undoRevocation },
      onError: (error) => log('error', 'revocations_failed', { message: describeError(error) }),
    });
  } catch (cause) {
    const detail = `what is revoked can't be read: ${describeError(cause)}`;
    throw new GatewayError('revocations_unreadable', detail, { cause });
  }
}

/** The descriptor of the file of quotas, and a line in the log of what was found in it. */
function quotasOf(modelJson: string, log: Log): number | null {
  let opened: OpenedQuotas | null;
  try {
    opened = openQuotas(modelJson);
  } catch (cause) {
    throw new GatewayError('quotas_failed', describeError(cause), { cause });
  }
  if (opened === null) return null;
  const { kept, ended, damaged, putAside = null } = opened;
  log(damaged > 0 || putAside !== null ? 'warn' : 'info', 'quotas_opened', {
    kept,
    ended,
    damaged,
    putAside,
  });
  return opened.fd;
}

/** The environment tells uWebSockets.js its largest head: it reads it when it is loaded. */
function forkWorker({ limits }: Model, inherited: readonly number[]): ChildProcess {
  const headMaxBytes = limits.targetMaxBytes + limits.headMaxBytes + FRONT_SLACK_BYTES;
  return fork(WORKER, [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...inherited],
    serialization: 'advanced',
    execArgv: [],
    env: { ...process.env, UWS_HTTP_MAX_HEADERS_SIZE: String(headMaxBytes) },
  });
}

/** So that the gateway's own limits are met, and answered with a problem, before the front's. */
const FRONT_SLACK_BYTES = 4096;

async function adminOf(
  model: Model,
  {
    supervisor,
    shipper,
    quotas,
    revocations,
  }: {
    readonly supervisor: Supervisor;
    readonly shipper: ShipperProcess | null;
    readonly quotas: QuotaSync | null;
    readonly revocations: Revocations;
  },
  log: Log,
): Promise<Admin | null> {
  if (model.admin === null) return null;
  const address = addressOf(model.admin.address);
  const { tokenFile } = model.admin;
  const token = tokenFile === null ? null : readAdminToken(tokenFile);
  try {
    return await openAdmin({
      ...address,
      readiness: () => supervisor.readiness,
      metrics: () =>
        renderMetrics({
          restarts: supervisor.restarts,
          workers: supervisor.readiness.ready,
          shipper: shipper?.counts ?? NOTHING_SHIPPED,
          quotaStore: quotas?.counts ?? NOTHING_SHARED,
        }),
      revocations,
      token,
      onError: (error) => log('error', 'admin_failed', { message: describeError(error) }),
    });
  } catch (cause) {
    throw bindFailure(address, cause);
  }
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new GatewayError('internal', `not host:port: ${text}`);
  return address;
}

function announce(
  model: Model,
  { demo, configFile = null }: StartOptions,
  addresses: readonly Address[],
  admin: Admin | null,
  log: Log,
): void {
  const { mode, workers } = model;
  if (demo || process.stdout.isTTY) {
    const paths = model.routes.map(({ match }) => match.path);
    const listeners = addresses.map((address, at) => ({
      address,
      isTls: (model.listeners[at]?.tls ?? null) !== null,
    }));
    process.stdout.write(banner({ mode, workers, listeners, admin, configFile, paths, demo }));
  }
  log('info', 'gateway_ready', {
    listeners: addresses.map(formatAddress).join(', '),
    admin: admin === null ? 'off' : formatAddress(admin),
    workers,
  });
}
