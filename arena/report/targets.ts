/**
 * The targets of a run, whether they could be measured, and why not.
 *
 * @module
 */

import type { TargetRecord } from '../results/records.ts';
import { BASELINE } from '../tiers/tiers.ts';
import type { Material } from './material.ts';

export interface TargetSummary {
  readonly target: string;
  readonly title: string;
  readonly version: string;
  readonly adapter: string;
  /** Failed: it was there, yet nothing it did counts. Not offered: it does none of the run's jobs. */
  readonly state: 'measured' | 'unavailable' | 'not-offered' | 'failed';
  /** Empty when it was measured. */
  readonly why: string;
  readonly capabilities: readonly string[];
  /** Its place among the colours, the same in every chart; null for the baseline, which is grey. */
  readonly colour: number | null;
}

/** In the order of their names. */
export function targetsOf(material: Material): TargetSummary[] {
  const names = [...material.targets.keys()];
  const coloured = names.filter((name) => name !== BASELINE);
  return names.map((name) => {
    const record = material.targets.get(name) ?? null;
    const [state, why] = stateOf(name, material);
    return {
      target: name,
      title: record?.title ?? name,
      version: record?.version ?? '',
      adapter: record?.adapter ?? '',
      state,
      why,
      capabilities: record?.capabilities ?? [],
      colour: name === BASELINE ? null : coloured.indexOf(name),
    };
  });
}

function stateOf(name: string, material: Material): [TargetSummary['state'], string] {
  const record = material.targets.get(name) ?? null;
  if (record?.status === 'unavailable') return ['unavailable', record.why];
  const counted = [...material.series.values()].some(
    ({ target, samples }) => target === name && samples.length > 0,
  );
  const inScenario = material.scenarios.some((one) => one.target === name && one.void.length === 0);
  if (counted || inScenario) return ['measured', ''];
  if (record !== null && offersNothing(record, material)) {
    const jobs = material.tiers.map(({ tier }) => tier).join(', ');
    return ['not-offered', `does none of this run’s jobs (${jobs}), by its manifest`];
  }
  return ['failed', whyNothing(name, material)];
}

/** Of a run that came to its end: whether none of its jobs is among what the target offers. */
function offersNothing({ target: name, capabilities }: TargetRecord, material: Material): boolean {
  const { end, tiers, probes, blocks, scenarios } = material;
  if (end?.complete !== true || tiers.length === 0) return false;
  if ([...probes, ...blocks, ...scenarios].some(({ target }) => target === name)) return false;
  return !tiers.some(({ tier }) => capabilities.includes(tier));
}

function whyNothing(name: string, material: Material): string {
  const voided = material.blocks.find(({ target }) => target === name);
  if (voided !== undefined) return `every block is void: ${voided.void.join('; ')}`;
  const probe = material.probes.find(({ target, passed }) => target === name && !passed);
  if (probe !== undefined) return `failed the probe of tier ${probe.tier}: ${failureOf(probe)}`;
  return whyMissing(material);
}

/** Why there is no record of what should have been measured. */
export function whyMissing({ end }: Pick<Material, 'end'>): string {
  if (end === null) return 'not measured: the run was killed before it came to this';
  if (!end.complete) return `not measured: the run ended early (${end.why})`;
  return 'no result in the file, which counts as a failure';
}

/** The checks that a probe did not pass, in words. */
export function failureOf(probe: Material['probes'][number]): string {
  const failed = probe.checks.filter(({ passed }) => !passed);
  if (failed.length === 0) return 'no check passed';
  return failed.map(({ name, detail }) => (detail === '' ? name : `${name}: ${detail}`)).join('; ');
}
