/**
 * What a start needs beside the executable: rendered files in their folder, ports, words of a
 * command line. The same for processes and containers.
 *
 * @module
 */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { freePort } from '../host/ports.ts';
import { type Tier, TIERS } from '../tiers/tiers.ts';
import type { Manifest } from './manifest.ts';
import { PROJECT } from './project.ts';
import { renderConfig, renderText } from './render.ts';
import type { RenderedConfig, StartPlan } from './target.ts';
import { type TemplateValues, templateValues } from './values.ts';

/** Where any image can write. */
const SCRATCH = '/tmp';

/** A target as its folder describes it. */
export interface Description {
  readonly name: string;
  readonly manifest: Manifest;
  /** The folder of the manifest and its templates. */
  readonly here: string;
}

export interface Prepared {
  readonly configs: readonly RenderedConfig[];
  readonly env: Readonly<Record<string, string>>;
  /** Renders arguments. */
  readonly words: (templates: readonly string[]) => string[];
}

/** Renders and writes all files of a tier. `seenAs` is how the target itself sees the folder. */
export async function prepare(
  description: Description,
  plan: StartPlan,
  seenAs: string = plan.folder,
): Promise<Prepared> {
  const { manifest, here, name } = description;
  const tier = TIERS.find((known) => known === plan.tier);
  const files = tier && manifest.tiers[tier];
  if (tier === undefined || files === undefined) {
    throw new Error(`${name} does not do tier "${plan.tier}"; its manifest says which it does`);
  }
  const values = await valuesFor(description, plan, { tier, seenAs });
  const configs = Object.entries(files).map(([file, template]) => {
    const path = join(here, template);
    const source = relative(PROJECT, path);
    return renderConfig(file, { text: readFileSync(path, 'utf8'), source }, values);
  });
  // Gateways that give their privileges up, and containers, read them as somebody else.
  chmodSync(plan.folder, 0o755);
  for (const { file, text } of configs) writeFileSync(join(plan.folder, file), text);

  const source = relative(PROJECT, join(here, 'target.yaml'));
  const word = (template: string): string => renderText(template, source, values);
  const env = Object.entries(manifest.env).map(([key, value]) => [key, word(value)] as const);
  return { configs, env: Object.fromEntries(env), words: (templates) => templates.map(word) };
}

async function valuesFor(
  { manifest, here }: Description,
  plan: StartPlan,
  { tier, seenAs }: { readonly tier: Tier; readonly seenAs: string },
): Promise<TemplateValues> {
  const ports: Record<string, number> = {};
  for (const port of manifest.ports) ports[port] = await freePort();
  return templateValues(tier, {
    project: PROJECT,
    here,
    folder: seenAs,
    scratch: seenAs === plan.folder ? plan.folder : SCRATCH,
    port: plan.port,
    ports,
    upstream: plan.upstream,
    workers: plan.workers,
    values: manifest.values,
  });
}

export function capabilitiesOf({ tiers, scenarios }: Manifest): string[] {
  return [...TIERS.filter((tier) => tiers[tier] !== undefined), ...scenarios];
}
