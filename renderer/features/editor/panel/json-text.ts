/** JSON as it stands in a form field: a value pretty-printed, a whole expression as itself. Pure. */
import { isWholeTemplate } from '../../../../shared/workflow/template.ts';

export type ReadJson = { ok: true; value: unknown } | { ok: false; message: string };

export function writeJson(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'string' && isWholeTemplate(value)) return value;
  return JSON.stringify(value, null, 2);
}

export function readJson(text: string): ReadJson {
  const clean = text.trim();
  if (isWholeTemplate(clean)) return { ok: true, value: clean };
  try {
    return { ok: true, value: JSON.parse(clean) as unknown };
  } catch {
    return {
      ok: false,
      message: 'This is not JSON yet. Put names and texts in double quotes, or write one {{ expression }}.',
    };
  }
}
