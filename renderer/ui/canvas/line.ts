/**
 * The one-line summary on a card: the manifest's line with the config's own values in it, shortened so that a person
 * reads it. Expressions are shown by the last name in them; nothing is evaluated.
 */
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { durationText } from '../../../shared/workflow/describe.ts';
import type { Step } from '../../../shared/workflow/document.ts';

/** `{{ $steps.decide.output.amount }}` is shown as ‹amount›, anything longer than a path as ‹…›. */
function shortenExpressions(text: string): string {
  return text.replace(/\{\{\s*(.*?)\s*\}\}/gs, (_whole, inner: string) => {
    const path = /^[$A-Za-z_][\w$.]*$/.test(inner) ? inner : undefined;
    return path === undefined ? '‹…›' : `‹${path.slice(path.lastIndexOf('.') + 1)}›`;
  });
}

export function words(value: unknown): string {
  if (typeof value === 'string') {
    return shortenExpressions(value)
      .replace(/\bsandbox:\/\//g, '')
      .replace(/^https?:\/\//, '')
      .replace(/\s+/g, ' ')
      .trim();
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `${value.length} ${value.length === 1 ? 'entry' : 'entries'}`;
  if (typeof value === 'object' && value !== null) return Object.keys(value).join(', ');
  return '';
}

/** A field drawn as a duration is said as one. */
function isDuration(manifest: StepManifest, field: string): boolean {
  const properties = manifest.config['properties'] as Record<string, { control?: unknown }> | undefined;
  return properties?.[field]?.control === 'duration';
}

export function lineOf(step: Step, manifest: StepManifest | undefined): string {
  if (!manifest) return `Unknown kind ${step.kind}`;
  const filled = manifest.line.replace(/\{([\w.]+)\}/g, (_whole, path: string) => {
    let value: unknown = step.config;
    for (const name of path.split('.')) {
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    }
    return typeof value === 'number' && isDuration(manifest, path) ? durationText(value) : words(value);
  });
  const tidy = filled.replace(/\s+/g, ' ').trim();
  return tidy === '' ? manifest.title : tidy;
}

export function labelOf(id: string, step: Step, manifest: StepManifest | undefined): string {
  const label = step.label?.trim();
  return label !== undefined && label !== '' ? label : (manifest?.title ?? id);
}
