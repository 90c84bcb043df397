/**
 * Reads a plan, or says every reason why not with file, line and column.
 *
 * @module
 */

import {
  type CheckedText,
  checkDocument,
  checkDocumentFile,
} from '../../src/config/check-document.ts';
import { inputSchemaOf } from '../../src/config/json-schema.ts';
import type { Finding } from '../../src/config/problem.ts';
import { cronProblem } from '../schedule/settings.ts';
import { Plan } from './schema.ts';

export type LoadedPlan = CheckedText<Plan>;

const FORMAT = { schema: Plan, meaning: checkMeaning };

export function loadPlan(file: string): LoadedPlan {
  return checkDocumentFile(file, FORMAT);
}

/** The same for text that has been read already. */
export function parsePlan(text: string, file: string): LoadedPlan {
  return checkDocument(text, file, FORMAT);
}

/** The text of `schema/arena-plan.json`. */
export function planSchemaText(): string {
  return `${JSON.stringify(inputSchemaOf(Plan), null, 2)}\n`;
}

/** What the schema can't say. */
function checkMeaning(plan: Plan): Finding[] {
  return [
    ...repeated(plan, 'targets'),
    ...repeated(plan, 'tiers'),
    ...repeated(plan, 'bodies'),
    ...repeated(plan, 'scenarios'),
    ...repeated(plan, 'scores'),
    ...checkLoads(plan),
    ...checkScenarios(plan),
    ...checkCores(plan),
    ...checkSchedule(plan),
  ];
}

type Repeated = 'targets' | 'tiers' | 'bodies' | 'scenarios' | 'scores';

function repeated(plan: Plan, key: Repeated): Finding[] {
  const items: readonly (string | number)[] = plan[key];
  return items.flatMap((item, index) =>
    items.indexOf(item) === index ? [] : [{ path: [key, index], message: 'stands here twice' }],
  );
}

function checkLoads({ loads }: Plan): Finding[] {
  const capacities = loads.filter((load) => 'capacity' in load);
  return loads.flatMap((load, index): Finding[] => {
    if ('capacity' in load) {
      return capacities.indexOf(load) > 0
        ? [{ path: ['loads', index], message: 'one load of kind "capacity" at most' }]
        : [];
    }
    const path = ['loads', index, 'rate'];
    const { perS, capacityShare } = load.rate;
    if ((perS === undefined) === (capacityShare === undefined)) {
      return [{ path, message: 'needs either "perS" or "capacityShare"' }];
    }
    return capacityShare !== undefined && capacities.length === 0
      ? [{ path: [...path, 'capacityShare'], message: 'needs a load of kind "capacity"' }]
      : [];
  });
}

function checkScenarios(plan: Plan): Finding[] {
  const { scenarioTier, tiers } = plan;
  if (tiers.includes(scenarioTier)) return [];
  return (['scenarios', 'scores'] as const).flatMap((key) => {
    const message = `need tier "${scenarioTier}", which is not in "tiers"`;
    return plan[key].length > 0 ? [{ path: [key], message }] : [];
  });
}

function checkCores({ cores }: Plan): Finding[] {
  const shared = coresOf(cores.target).filter((core) => coresOf(cores.load).includes(core));
  return shared.length > 0
    ? [{ path: ['cores'], message: `target and load share core ${shared.join(', ')}` }]
    : [];
}

function checkSchedule({ schedule }: Plan): Finding[] {
  const message = cronProblem(schedule.cron);
  return message === null ? [] : [{ path: ['schedule', 'cron'], message }];
}

/** `0-2,5` is 0, 1, 2 and 5. */
export function coresOf(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  });
}
