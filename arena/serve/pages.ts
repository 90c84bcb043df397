/**
 * What each address shows of a schedule's folder. Nothing is ever written.
 *
 * Bounds: reports of 32 MiB, results of 1 GiB, metrics of a run of up to 256 MiB; what browsers may
 * run is kept for the 64 reports that were asked for last.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import { join } from 'node:path';

import { REPORT_FILE, RESULTS_FILE, runFolder } from '../schedule/layout.ts';
import { readStatus } from '../schedule/status.ts';
import { answerFile, answerRedirect, answerText } from './answer.ts';
import { pagePolicy } from './content-policy.ts';
import { openPlain, type PlainFile } from './plain-file.ts';
import { PageProblem } from './problem.ts';
import type { Route } from './route.ts';
import { type RunSummary, Runs } from './runs.ts';
import { runsPage } from './runs-page.ts';
import { METRICS_TYPE, scheduleMetrics } from './schedule-metrics.ts';

const REPORT_MAX_BYTES = 32 << 20;
const RESULTS_MAX_BYTES = 1 << 30;
const METRICS_OF_MAX_BYTES = 256 << 20;
const POLICIES_MAX = 64;

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';
const NONE_YET = 'no run has left a report yet: see /runs and /status';

/** Prometheus text of the run whose results are in a file. */
export type MetricsOf = (resultsFile: string) => string | Promise<string>;

export class Pages {
  readonly #folder: string;
  readonly #metricsOf: MetricsOf;
  readonly #runs: Runs;
  readonly #policies = new Map<string, string>();
  #metrics = { etag: '', text: '' };

  constructor(folder: string, metricsOf: MetricsOf) {
    this.#folder = folder;
    this.#metricsOf = metricsOf;
    this.#runs = new Runs(folder);
  }

  /** Answers; rejects with a `PageProblem` when there is no such page. */
  async show(route: Route, response: ServerResponse): Promise<void> {
    switch (route.page) {
      case 'latest':
        return this.#latest(response, '');
      case 'runs': {
        const page = runsPage(await this.#runs.list(), await readStatus(this.#folder));
        return answerText(response, page, { type: HTML, policy: pagePolicy(page) });
      }
      case 'history':
        // The report of a run holds the history up to it.
        return this.#latest(response, '#section-history');
      case 'report':
        return this.#report(response, route.run);
      case 'run-without-slash':
        return answerRedirect(response, 308, `/runs/${route.run}/`);
      case 'results': {
        const file = join(runFolder(this.#folder, route.run), RESULTS_FILE);
        const content = { type: 'application/jsonl; charset=utf-8' };
        const missing = `there is no run ${route.run}`;
        return answerFile(response, file, RESULTS_MAX_BYTES, missing, () => content);
      }
      case 'metrics':
        return answerText(response, await this.#metricsText(), { type: METRICS_TYPE });
      case 'status':
        return this.#status(response);
      case 'live':
        return answerText(response, '{"status":"live"}\n', { type: JSON_TYPE });
      default:
        return route satisfies never;
    }
  }

  /** Leads to it, so that its links are those of its run, and its address can be kept. */
  async #latest(response: ServerResponse, anchor: string): Promise<void> {
    const latest = (await this.#runs.list()).find(({ reported }) => reported);
    if (latest === undefined) throw new PageProblem('page_not_found', NONE_YET);
    answerRedirect(response, 302, `/runs/${latest.name}/${anchor}`);
  }

  #report(response: ServerResponse, run: string): Promise<void> {
    const missing = `run ${run} has no report`;
    const file = join(runFolder(this.#folder, run), REPORT_FILE);
    return answerFile(response, file, REPORT_MAX_BYTES, missing, async (page) => ({
      type: HTML,
      policy: await this.#policyOf(page),
    }));
  }

  async #policyOf({ handle, bytes, etag }: PlainFile): Promise<string> {
    const known = this.#policies.get(etag);
    if (known !== undefined) return known;
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(bytes), position: 0 });
    const policy = pagePolicy(buffer.toString('utf8', 0, bytesRead));
    const [oldest] = this.#policies.keys();
    if (this.#policies.size >= POLICIES_MAX && oldest !== undefined) this.#policies.delete(oldest);
    this.#policies.set(etag, policy);
    return policy;
  }

  async #status(response: ServerResponse): Promise<void> {
    const status = await readStatus(this.#folder);
    if (status === null) {
      throw new PageProblem('page_not_found', 'no schedule has written its status here');
    }
    return answerText(response, `${JSON.stringify(status, null, 2)}\n`, { type: JSON_TYPE });
  }

  async #metricsText(): Promise<string> {
    const status = await readStatus(this.#folder);
    const schedule = status === null ? '' : scheduleMetrics(status);
    const last = (await this.#runs.list()).find(({ complete }) => complete === true);
    return `${last === undefined ? '' : await this.#metricsOfRun(last)}${schedule}`;
  }

  /** Made once for each run, since it takes reading all of its results. */
  async #metricsOfRun({ name }: RunSummary): Promise<string> {
    const path = join(runFolder(this.#folder, name), RESULTS_FILE);
    const file = await openPlain(path, METRICS_OF_MAX_BYTES);
    if (file === null) return '';
    await file.handle.close();
    if (this.#metrics.etag !== file.etag) {
      this.#metrics = { etag: file.etag, text: await this.#metricsOf(path) };
    }
    return this.#metrics.text;
  }
}
