/**
 * What is wrong with a text that is not YAML, in words that never repeat the text.
 *
 * The parser quotes what it stumbled over, and that may be part of a secret; so only its code is
 * used, and its own words only where they are fixed.
 *
 * @module
 */

import type { YAMLParseError, YAMLWarning } from 'yaml';

type Code = YAMLParseError['code'];

/** Null: the parser's own words hold nothing of the text. */
// biome-ignore format: a table is read by column.
const WORDS: Readonly<Record<Code, string | null>> = {
  ALIAS_PROPS:            'an alias cannot have an anchor or a tag',
  BAD_ALIAS:              'an alias with no anchor before it, or not a valid name',
  BAD_COLLECTION_TYPE:    'a tag that does not fit its value',
  BAD_DIRECTIVE:          'a directive that is not understood',
  BAD_DQ_ESCAPE:          'an escape that is not valid between double quotes; single quotes take \\ as it is',
  BAD_INDENT:             null,
  BAD_PROP_ORDER:         'anchors and tags come before the value, on its line',
  BAD_SCALAR_START:       'a value that starts with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY:  'a mapping inside a mapping’s line; is a line break or a quote missing?',
  BLOCK_IN_FLOW:          'an indented block cannot stand between brackets or braces',
  DUPLICATE_KEY:          'this key stands here twice',
  IMPOSSIBLE:             'the text cannot be understood',
  KEY_OVER_1024_CHARS:    'a key has at most 1024 characters',
  MISSING_CHAR:           null,
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; is a colon or a quote missing?',
  MULTIPLE_ANCHORS:       'a value has at most one anchor',
  MULTIPLE_DOCS:          'one document only; take away the second "---"',
  MULTIPLE_TAGS:          'a value has at most one tag',
  NON_STRING_KEY:         'a key is plain text',
  RESOURCE_EXHAUSTION:    'nested too deeply',
  TAB_AS_INDENT:          'indentation is made of spaces, not tabs',
  TAG_RESOLVE_FAILED:     'tags are not supported',
  UNEXPECTED_TOKEN:       'something that does not belong here; is a quote, a comma or a bracket missing?',
};

export function wordsFor(error: YAMLParseError | YAMLWarning): string {
  return `not valid YAML: ${WORDS[error.code] ?? error.message}`;
}
