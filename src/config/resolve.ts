/**
 * The last step of loading: what depends on the machine and on the file's folder.
 *
 * @module
 */

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import type { Model, ValidConfig } from './schema.ts';

/** `baseDir` is what files are relative to; `cores` what `workers: auto` means. */
export function resolveModel(
  config: ValidConfig,
  {
    baseDir,
    cores = availableParallelism(),
  }: { readonly baseDir: string; readonly cores?: number },
): Model {
  const { output } = config.accessLog;
  return {
    ...config,
    workers: config.workers === 'auto' ? cores : config.workers,
    accessLog: { output: isStream(output) ? output : resolve(baseDir, output) },
    apiKeyFiles: config.apiKeyFiles.map((file) => resolve(baseDir, file)),
    consumers: Object.fromEntries(
      Object.entries(config.consumers).map(([name, consumer]) => [
        name,
        { ...consumer, tenant: consumer.tenant ?? name },
      ]),
    ),
    routes: config.routes.map((route) => ({ ...route, upstream: route.upstream ?? [] })),
  };
}

function isStream(output: string): boolean {
  return output === 'off' || output === 'stdout' || output === 'stderr';
}
