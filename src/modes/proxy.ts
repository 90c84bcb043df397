/**
 * Proxy mode: listeners in front of the native core, names resolved behind it.
 *
 * The order matters. Names first, so that a worker that joins a running gateway doesn't refuse
 * its first requests; the listeners last, so that nobody connects to a worker that isn't ready.
 *
 * @module
 */

import { setTimeout } from 'node:timers/promises';

import type { Model } from '../config/schema.ts';
import { listenNatively } from '../listener/native.ts';
import { listen } from '../listener/uws.ts';
import { openAuthenticator } from '../identity/authenticate.ts';
import { openPasswords } from '../identity/basic/passwords.ts';
import { openWorker, type WorkerCore } from '../native/addon.ts';
import { openPolicies, type PolicyEvent } from '../policy/policies.ts';
import { policyStage } from '../stages/policy.ts';
import { answerQuestions } from '../stages/stages.ts';
import { describeError, type Log } from '../telemetry/log.ts';
import { type NamedEndpoint, type ResolveEvent, Resolver } from '../upstreams/resolve.ts';
import type { ModeOptions, RunningMode } from './mode.ts';

/** Longest wait for the first answers of DNS; names still unknown then are 503 until known. */
const RESOLVE_PATIENCE_MS = 3000;
/** Longest wait for evaluations whose exchanges are gone. */
const CLOSE_PATIENCE_MS = 500;

export async function startProxy(options: ModeOptions): Promise<RunningMode> {
  const { model, modelJson, index, segmentFd, quotasFd, addresses, log } = options;
  const core = openWorker({ segmentFd, index, modelJson, quotasFd });
  const authenticator = openAuthenticator(model, (issuer, event) => {
    if (event.kind === 'recovered') log('info', 'issuer_recovered', { issuer });
    else log('warn', 'issuer_failing', { issuer, message: event.reason });
  });
  const policies = await openPolicies(model, (event) => tellBundle(event, log));
  const stage = policyStage(model, policies, (noted) => core.noteDecision(noted));
  const passwords = openPasswords(model);
  answerQuestions(core, { model, authenticator, passwords, policies: stage, log });
  const resolver = new Resolver({
    endpoints: namedEndpoints(model),
    setAddresses: (upstream, endpoint, found) =>
      core.setEndpointAddresses(upstream, endpoint, found),
    onEvent: (event) => tell(event, log),
  });
  await resolver.start(RESOLVE_PATIENCE_MS);
  const listeners = addresses.map((address, number) =>
    model.listeners[number]?.front === 'native'
      ? listenNatively(core, number, address)
      : listen(core, number, address),
  );

  warnOfCertificates(core, log);

  return {
    reloadFiles: () => reloadFiles(core, model, log),
    drain: async (deadlineMs) => {
      for (const listener of listeners) listener.stopAccepting();
      await Promise.all(listeners.map((listener) => listener.drain(deadlineMs)));
      for (const listener of listeners) listener.close();
      resolver.close();
      await authenticator.close();
      // Nobody waits for what is still evaluated; its threads end with the process at the latest.
      await Promise.race([
        policies.close(),
        setTimeout(CLOSE_PATIENCE_MS, undefined, { ref: false }),
      ]);
      core.close();
    },
  };
}

/** What can't be read or opened stays as it was. */
function reloadFiles(core: WorkerCore, { listeners }: Model, log: Log): void {
  try {
    core.reopenLog();
  } catch (error) {
    log('error', 'access_log_not_reopened', { message: describeError(error) });
  }
  if (listeners.every(({ tls }) => tls === null)) return;
  try {
    core.reloadCertificates();
    log('info', 'certificates_reloaded');
    warnOfCertificates(core, log);
  } catch (error) {
    log('error', 'certificates_not_reloaded', { message: describeError(error) });
  }
}

function warnOfCertificates(core: WorkerCore, log: Log): void {
  for (const message of core.certificateWarnings()) log('warn', 'certificate_warning', { message });
}

function namedEndpoints({ upstreams }: Model): NamedEndpoint[] {
  return Object.entries(upstreams).flatMap(([upstream, { endpoints, dns }]) =>
    endpoints.map(({ url }, endpoint) => ({
      upstream,
      endpoint,
      host: new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'),
      refreshMs: dns.refreshMs,
    })),
  );
}

function tell(event: ResolveEvent, log: Log): void {
  if (event.kind === 'resolved') {
    log('info', 'name_resolved', { host: event.host, addresses: event.addresses.join(', ') });
  } else {
    log('warn', 'name_failing', { host: event.host, message: event.message });
  }
}

/** Of a bundle that changed, or that can't be had. */
function tellBundle({ policy, bundle }: PolicyEvent, log: Log): void {
  if (bundle.kind === 'loaded') {
    log('info', 'policy_bundle_loaded', { policy, revision: bundle.revision });
  } else if (bundle.kind === 'failed') {
    log('warn', 'policy_bundle_failing', { policy, message: bundle.detail });
  }
}
