/**
 * New ids for steps and connections, made from what the document holds: the same document gives the same id.
 */
import type { WorkflowDocument } from './document.ts';
import { isForbiddenKey } from './safety.ts';

/** `http`, `http2`, `http3` …: an id that no step has. */
export function freshStepId(
  document: Pick<WorkflowDocument, 'steps'>,
  kind: string,
  taken: Iterable<string> = [],
): string {
  const words = kind.split(/[^A-Za-z0-9_]+/).filter((word) => word !== '');
  const camel = words
    .map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
  const letters = camel.replace(/^[^A-Za-z]+/, '').slice(0, 50);
  const base = letters === '' || isForbiddenKey(letters) ? 'step' : letters.charAt(0).toLowerCase() + letters.slice(1);
  const used = new Set([...Object.keys(document.steps), ...taken]);
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? base : `${base}${number}`;
    if (!used.has(id)) return id;
  }
}

export function freshEdgeId(document: Pick<WorkflowDocument, 'edges'>, taken: Iterable<string> = []): string {
  const used = new Set([...document.edges.map((edge) => edge.id), ...taken]);
  for (let number = document.edges.length + 1; ; number += 1) if (!used.has(`e${number}`)) return `e${number}`;
}
