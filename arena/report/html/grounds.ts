/**
 * The sections that say what the results rest on: targets, trust, configurations, how to rebuild them.
 *
 * @module
 */

import { checklistGrid, targetGrid } from '../grids.ts';
import { html } from './markup.ts';
import type { Drawer, Section } from './section.ts';
import { tableOf } from './table.ts';

export function trustSection({ report, colours }: Drawer): Section {
  return {
    id: 'trust',
    name: 'Trust',
    content: html`<h2>Why believe this</h2>
<p>What a sceptic asks of a benchmark, answered from the data of this very run.</p>
${tableOf(checklistGrid(report), colours)}`,
  };
}

export function targetSection({ report, colours }: Drawer): Section {
  return {
    id: 'who',
    name: 'Targets',
    content: html`<h2>Targets</h2>
<p>One that is unavailable never gets a number; one without a valid result has failed, and is no zero.</p>
${tableOf(targetGrid(report), colours)}`,
  };
}

export function configSection({ report }: Drawer): Section {
  const byTarget = report.targets.map((target) => ({
    target,
    configs: report.configs.filter((config) => config.target === target.target),
  }));
  return {
    id: 'configurations',
    name: 'Configurations',
    content: html`<h2>Configurations</h2>
<p>As each target read them, with the SHA-256 of the text.</p>
${byTarget
  .filter(({ configs }) => configs.length > 0)
  .map(
    ({
      target,
      configs,
    }) => html`<details><summary>${target.title} <span class="hash">${configs.length} files</span></summary>
${configs.map(
  ({
    tier,
    file,
    sha256,
    text,
  }) => html`<h3>${tier}: ${file} <span class="hash"><code>${sha256}</code></span></h3>
<pre tabindex="0"><code>${text}</code></pre>`,
)}
</details>`,
  )}`,
  };
}

export function rebuildSection({ report: { run } }: Drawer): Section {
  return {
    id: 'rebuild',
    name: 'Rebuild',
    content: html`<h2>Make it again</h2>
<p>Every table and chart of this page comes from the run’s results file alone; the same file gives the same page, byte for byte.</p>
<pre tabindex="0"><code>bin/stoa-arena report RESULTS.jsonl --html report.html</code></pre>
<p>To measure again, at commit <code>${run.source.commit.slice(0, 12)}</code>, with the plan below and seed ${run.seed}:</p>
<pre tabindex="0"><code>${run.command.join(' ')}</code></pre>
<details><summary>Plan ${run.plan.name} <span class="hash">sha256 <code>${run.plan.sha256}</code></span></summary>
<pre tabindex="0"><code>${run.plan.text}</code></pre>
</details>`,
  };
}
