/**
 * The whole report as JSON, for programs: the same numbers as in the tables, unrounded.
 *
 * @module
 */

import type { ResultRecord } from '../results/records.ts';
import { type ReportOptions, reportOf } from './model.ts';

/** Of this format; raised when a reader of the old one would misread the new. */
const VERSION = 1;

/** Text that ends in a line feed. Configurations are told by their hashes. Throws as `reportOf` does. */
export function jsonReport(records: readonly ResultRecord[], options: ReportOptions = {}): string {
  const { configs, ...report } = reportOf(records, options);
  const hashes = configs.map(({ target, tier, file, sha256 }) => ({ target, tier, file, sha256 }));
  return `${JSON.stringify({ version: VERSION, ...report, configs: hashes }, plain, 2)}\n`;
}

function plain(_: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
