/**
 * The two written forms of a graph: the file people keep in Git (`exportDocument`) and the text digests are made of
 * (`canonicalText`). Both depend on nothing but the value, so export(import(x)) is stable from the first export on.
 */
import { documentSchema, type WorkflowDocument } from './document.ts';

/** Steps keep the author's order; what is kept per step follows it, so that moving a node never reorders lines. */
function inStepOrder<T>(record: Record<string, T>, steps: readonly string[]): Record<string, T> {
  const known = new Set(steps.filter((id) => Object.hasOwn(record, id)));
  const others = Object.keys(record).filter((id) => !known.has(id));
  return Object.fromEntries([...known, ...others].map((id) => [id, record[id] as T]));
}

/**
 * The graph as a file: fields in the order of the schema (which is how zod writes an object it has checked), steps and
 * edges in the author's order, 2 spaces, a newline at the end.
 */
export function exportDocument(document: WorkflowDocument): string {
  const ordered = documentSchema.parse(document);
  const steps = Object.keys(ordered.steps);
  if (ordered.layout) ordered.layout = inStepOrder(ordered.layout, steps);
  if (ordered.pins) ordered.pins = inStepOrder(ordered.pins, steps);
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/** Minified JSON with sorted keys: equal values give equal text. A field that is undefined counts as absent. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = value as Record<string, unknown>;
    const keys = Object.keys(fields).filter((key) => fields[key] !== undefined);
    return `{${keys
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalText(fields[key])}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
