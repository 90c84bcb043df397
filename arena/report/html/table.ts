/**
 * A grid as an HTML table, in a box that scrolls by itself where the page is narrow.
 *
 * @module
 */

import type { Grid, GridCell, GridRow } from '../grid.ts';
import type { TargetSummary } from '../targets.ts';
import { colourClass } from './colours.ts';
import { html, type Markup, NOTHING } from './markup.ts';

const LONG_CHARACTERS = 16;

/** By target's name: what its colour is. */
export type Colours = ReadonlyMap<string, TargetSummary>;

export function tableOf(grid: Grid, colours: Colours): Markup {
  const heading = grid.columns.findIndex(({ title }) => title === 'target');
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${grid.title}">
<table id="${grid.id}">
<caption><span>${grid.title}</span></caption>
<thead><tr>${grid.columns.map(({ title, unit, numeric }) => {
    const name = unit === '' ? html`${title}` : html`${title} <span class="unit">${unit}</span>`;
    return html`<th scope="col"${classOf(numeric ? 'n' : '')}>${name}</th>`;
  })}</tr></thead>
<tbody>
${grid.rows.map((row) => rowOf(row, grid, heading, colours))}
</tbody>
</table>
</div>
${notesOf(grid.notes)}`;
}

function notesOf(notes: readonly string[]): Markup {
  if (notes.length === 0) return NOTHING;
  return html`<ul class="notes">
${notes.map((note) => html`<li>${note}</li>`)}
</ul>`;
}

function swatch(target: TargetSummary): Markup {
  return html`<span class="swatch ${colourClass(target.colour)}" aria-hidden="true"></span>`;
}

function rowOf(row: GridRow, grid: Grid, heading: number, colours: Colours): Markup {
  const target = row.target === null ? undefined : colours.get(row.target);
  const cells = row.cells.map((cell, at) => {
    const numeric = grid.columns[at]?.numeric === true;
    if (at === heading) {
      return html`<th scope="row">${target === undefined ? NOTHING : swatch(target)}${cell.text}</th>`;
    }
    return html`<td${classOf(numeric ? 'n' : widthClass(cell), toneClass(cell))}>${contentOf(cell)}</td>`;
  });
  const left = grid.columns.length - row.cells.length;
  const message =
    row.message === ''
      ? NOTHING
      : html`<td class="why" colspan="${left}"><span>${row.message}</span></td>`;
  return html`<tr>${cells}${message}</tr>`;
}

function contentOf({ text, interval }: GridCell): Markup {
  return interval === '' ? html`${text}` : html`${text}<span class="iv">${interval}</span>`;
}

/** A text of some length keeps some width. */
function widthClass({ text }: GridCell): string {
  return text.length > LONG_CHARACTERS ? 'text' : '';
}

function toneClass({ tone }: GridCell): string {
  return tone === 'plain' ? '' : `t-${tone}`;
}

function classOf(...names: readonly string[]): Markup {
  const given = names.filter((name) => name !== '').join(' ');
  return given === '' ? NOTHING : html` class="${given}"`;
}
