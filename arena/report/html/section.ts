/**
 * What a section of the page is, and what all of them draw with.
 *
 * @module
 */

import type { Report } from '../model.ts';
import type { Markup } from './markup.ts';
import type { StyleClasses } from './svg.ts';
import type { Colours } from './table.ts';

export interface Section {
  readonly id: string;
  /** In the list of contents. */
  readonly name: string;
  readonly content: Markup;
}

/** What all sections draw with. */
export interface Drawer {
  readonly report: Report;
  readonly colours: Colours;
  readonly styles: StyleClasses;
}
