/**
 * Every policy of the configuration, ready to be asked by its name.
 *
 * Bounds: 32 policies; what an evaluation may take is each policy's own.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';

import type { Model } from '../config/schema.ts';
import { readBundleFile, readBundleFolder, type Bundle } from './bundle/bundle.ts';
import { type BundleEvent, openBundleServer } from './bundle/server.ts';
import type { Verification } from './bundle/signatures.ts';
import { type Evaluation, evaluationOf } from './decision.ts';
import { type Engine, failed, messageOf } from './engine.ts';
import { INPUT_MAX_BYTES, type PolicyInput } from './input.ts';
import { readRego } from './rego-files.ts';
import { openRemote } from './remote/opa.ts';
import { openPool } from './threads/pool.ts';

type Policy = Model['policies'][string];

export interface Policies {
  /** Never rejects: what goes wrong is a `failed` evaluation. */
  evaluate(policyName: string, input: PolicyInput): Promise<Evaluation>;
  /** Lets what was asked be answered, then ends the threads. */
  close(): Promise<void>;
}

/** A policy asked for its bundle: worth a line in the log unless it is `unchanged`. */
export interface PolicyEvent {
  readonly policy: string;
  readonly bundle: BundleEvent;
}

/**
 * Rejects when a policy can't be loaded, with a sentence that names it; a bundle server that has none
 * is told of by `report`, and asked again.
 */
export async function openPolicies(
  model: Pick<Model, 'policies'>,
  report: (event: PolicyEvent) => void = () => {},
): Promise<Policies> {
  const opening = Object.entries(model.policies).map(
    async ([name, policy]) => [name, await openNamed(name, policy, report)] as const,
  );
  const settled = await Promise.allSettled(opening);
  const engines = new Map(
    settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
  );
  const close = async (): Promise<void> => {
    await Promise.all(Array.from(engines.values(), (engine) => engine.close()));
  };
  const refused = settled.find((one) => one.status === 'rejected');
  if (refused !== undefined) {
    await close();
    throw refused.reason;
  }
  return {
    evaluate: async (policyName, input) => {
      const engine = engines.get(policyName);
      if (engine === undefined) return failed('unavailable', `no policy "${policyName}"`);
      const text = JSON.stringify(input);
      if (text.length > INPUT_MAX_BYTES || Buffer.byteLength(text) > INPUT_MAX_BYTES) {
        return failed('error', `an input of more than ${INPUT_MAX_BYTES} bytes`);
      }
      return evaluationOf(await engine.ask(text));
    },
    close,
  };
}

async function openNamed(
  name: string,
  policy: Policy,
  report: (event: PolicyEvent) => void,
): Promise<Engine> {
  try {
    return await openEngine(policy, (bundle) => report({ policy: name, bundle }));
  } catch (cause) {
    throw new Error(`policy "${name}": ${messageOf(cause)}`, { cause });
  }
}

async function openEngine(policy: Policy, report: (event: BundleEvent) => void): Promise<Engine> {
  const { file, folder, bundle, opa, rego } = policy.source;
  if (bundle !== null) {
    const verification = await readVerification(bundle.verification);
    return openBundleServer({ ...bundle, verification }, (one) => openBundle(one, policy), report);
  }
  if (opa !== null) return openRemote({ ...policy, url: opa.url });
  if (file !== null) return openBundle(await readBundleFile(file), policy);
  if (folder !== null) return openBundle(await readBundleFolder(folder), policy);
  if (rego !== null) {
    const { entrypoint, timeoutMs } = policy;
    return openPool({ kind: 'rego', ...(await readRego(rego)), entrypoint, timeoutMs }, policy);
  }
  throw new Error('no source');
}

async function readVerification(
  configured: NonNullable<Policy['source']['bundle']>['verification'],
): Promise<Verification | null> {
  if (configured === null) return null;
  return { ...configured, publicKey: await readFile(configured.keyFile, 'utf8') };
}

function openBundle({ module, data }: Bundle, policy: Policy): Promise<Engine> {
  const { entrypoint, memoryMaxBytes } = policy;
  return openPool({ kind: 'wasm', module, data, entrypoint, memoryMaxBytes }, policy);
}
