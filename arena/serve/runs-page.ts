/**
 * The page that lists runs: readable on a phone, in light and dark, without any script.
 *
 * Bound: the newest 500 are listed.
 *
 * @module
 */

import { Eta } from 'eta';

import type { ScheduleStatus } from '../schedule/status.ts';
import type { RunSummary } from './runs.ts';

const LISTED_MAX = 500;

const TEMPLATE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Gateway Arena: runs</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
  ol { list-style: none; padding: 0; }
  li { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .6rem 0; }
  .what { display: flex; flex-wrap: wrap; gap: 0 1rem; }
  .details { font-size: .875rem; opacity: .75; overflow-wrap: anywhere; }
  .failed { font-weight: 600; }
  nav { display: flex; flex-wrap: wrap; gap: 0 1rem; }
  a { padding: .25rem 0; }
</style>
<body>
<h1>Gateway Arena</h1>
<nav><a href="/">Latest report</a><a href="/history">History</a><a href="/status">Status</a><a href="/metrics">Metrics</a></nav>
<% if (it.status) { %><p><%= it.schedule %></p><% } %>
<h2>Runs</h2>
<% if (it.runs.length === 0) { %><p>No run yet.</p><% } %>
<ol>
<% for (const run of it.runs) { %>
<li>
  <div class="what">
    <time datetime="<%= run.at %>"><%= it.moment(run.at) %></time>
    <span><%= run.plan %></span>
    <span<% if (run.complete !== true) { %> class="failed"<% } %>><%= it.ending(run) %></span>
    <% if (run.reported) { %><a href="/runs/<%= run.name %>/">report</a><% } %>
    <a href="/runs/<%= run.name %>/results.jsonl">results (<%= it.size(run.bytes) %>)</a>
  </div>
  <div class="details"><%= run.commit.slice(0, 12) %><% if (run.dirty) { %>, changed since<% } %>; <%= run.cpu %></div>
</li>
<% } %>
</ol>
<% if (it.left > 0) { %><p>And <%= it.left %> earlier ones.</p><% } %>
`;

const eta = new Eta({ autoEscape: true, autoTrim: false });
const render = eta.compile(TEMPLATE).bind(eta);

export function runsPage(runs: readonly RunSummary[], status: ScheduleStatus | null): string {
  return render({
    runs: runs.slice(0, LISTED_MAX),
    left: Math.max(0, runs.length - LISTED_MAX),
    status,
    schedule: status === null ? '' : scheduleText(status),
    moment,
    ending,
    size,
  });
}

function scheduleText({ state, running, next, skipped, last }: ScheduleStatus): string {
  const now = {
    running: running === null ? 'A round runs.' : `A round runs since ${moment(running.at)}.`,
    waiting: next === null ? 'Between rounds.' : `Next round: ${moment(next)}.`,
    stopped: 'The schedule is stopped.',
  }[state];
  const texts = [now];
  if (last !== null && last.outcome !== 'complete') {
    texts.push(`The last one, ${moment(last.at)}, ${last.outcome}: ${last.why}.`);
  }
  if (skipped !== null) texts.push(`Last skipped: ${moment(skipped.at)}, ${skipped.why}.`);
  return texts.join(' ');
}

function moment(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

function ending({ complete, why }: RunSummary): string {
  if (complete === null) return 'not ended';
  return complete ? 'complete' : `not complete: ${why}`;
}

function size(bytes: number): string {
  return bytes < 1_048_576
    ? `${Math.ceil(bytes / 1024)} KiB`
    : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
