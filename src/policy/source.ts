/**
 * Opens the engine of one policy, whatever its source.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';

import type { Model } from '../config/schema.ts';
import { readBundleFile, readBundleFolder, type Bundle } from './bundle/bundle.ts';
import { type BundleEvent, openBundleServer } from './bundle/server.ts';
import type { Verification } from './bundle/signatures.ts';
import type { Engine } from './engine.ts';
import type { InlineCounts } from './inline/engine.ts';
import { openBundle, openRego } from './local.ts';
import { readRego } from './rego-files.ts';
import { openRemote } from './remote/opa.ts';

type Policy = Model['policies'][string];

/** Rejects when it can't be loaded; a bundle server that has none is told of by `report`, and asked again. */
export async function openSource(
  policy: Policy,
  counts: InlineCounts,
  report: (event: BundleEvent) => void,
): Promise<Engine> {
  const { file, folder, bundle, opa, rego } = policy.source;
  const toMeter = policy.evaluate !== 'pooled';
  if (bundle !== null) {
    const verification = await readVerification(bundle.verification);
    const open = (one: Bundle): Promise<Engine> => openBundle(one, policy, counts);
    return openBundleServer({ ...bundle, verification, toMeter }, open, report);
  }
  if (opa !== null) return openRemote({ ...policy, url: opa.url });
  if (file !== null) return openBundle(await readBundleFile(file, toMeter), policy, counts);
  if (folder !== null) return openBundle(await readBundleFolder(folder, toMeter), policy, counts);
  if (rego !== null) return openRego(await readRego(rego), policy, counts);
  throw new Error('no source');
}

async function readVerification(
  configured: NonNullable<Policy['source']['bundle']>['verification'],
): Promise<Verification | null> {
  if (configured === null) return null;
  return { ...configured, publicKey: await readFile(configured.keyFile, 'utf8') };
}
