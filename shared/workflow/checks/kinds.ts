/**
 * Does every step have a kind this version knows, and a config that kind accepts? The manifest's JSON Schema decides;
 * a text with a template in it stands for the value it will become, whatever type that has.
 */
import * as z from 'zod';
import type { StepManifest } from '../../steps/manifest.ts';
import type { Step } from '../document.ts';
import { issueProblems, type FieldHint, type Issue } from '../issues.ts';
import { valueAt, type PathPart } from '../pointer.ts';
import { isWholeTemplate, templateParts } from '../template.ts';
import { isUnsupportedKind } from '../unsupported.ts';
import { label, manifestOf, report, type CheckContext } from './context.ts';

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

const compiled = new WeakMap<object, z.ZodType>();

function configSchema(schema: Record<string, unknown>): z.ZodType {
  const known = compiled.get(schema);
  if (known) return known;
  // A registry of its own: manifests' titles and help texts must not pile up in zod's global one.
  const made = z.fromJSONSchema(schema as JsonSchema, { registry: z.registry() });
  compiled.set(schema, made);
  return made;
}

function isTemplated(value: string): boolean {
  return value.includes('{{') && templateParts(value).parts.some((part) => part.type === 'expression');
}

/** True when a template makes the issue impossible to judge before the run. */
function isExcused(issue: Issue, config: unknown, base: readonly PathPart[]): boolean {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (
    issue.code === 'invalid_union' &&
    issue.errors.some((branch) => branch.every((one) => isExcused(one, config, path)))
  )
    return true;
  const value = valueAt(config, path);
  if (typeof value !== 'string' || !isTemplated(value)) return false;
  // Text around a template makes the value a text for certain; only its content is still open.
  return isWholeTemplate(value) || issue.code !== 'invalid_type';
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The title and placeholder the form shows for a field. */
function hintAt(schema: Record<string, unknown>, path: readonly PathPart[]): FieldHint | undefined {
  let at = schema;
  for (const part of path) {
    if (typeof part === 'number') at = asObject(at['items']);
    else at = asObject(asObject(at['properties'])[part] ?? at['additionalProperties']);
  }
  const hint: FieldHint = {};
  if (typeof at['title'] === 'string') hint.title = at['title'];
  if (typeof at['placeholder'] === 'string') hint.example = at['placeholder'];
  return hint;
}

interface Configured {
  kind: string;
  kindVersion: number;
  config: Record<string, unknown>;
}

function checkKind(context: CheckContext, of: Configured, path: readonly PathPart[], who: string): void {
  const manifest = manifestOf(context, of.kind);
  if (!manifest) {
    if (isUnsupportedKind(of.kind)) return;
    report(context, {
      code: 'unknown_kind',
      message: `${who} is of the kind "${of.kind}", which this version does not have.`,
      path: [...path, 'kind'],
      fix: `Use one of: ${[...context.manifests.keys()].sort().join(', ')}.`,
    });
    return;
  }
  if (of.kindVersion > manifest.version) {
    report(context, {
      code: 'newer_kind',
      message: `${who} was made with version ${of.kindVersion} of ${manifest.title}; this version of Holdfast has ${manifest.version}.`,
      path: [...path, 'kindVersion'],
      fix: 'Update Holdfast.',
    });
    return;
  }
  checkOneOf(context, of, manifest, path, who);
  const checked = configSchema(manifest.config).safeParse(of.config);
  if (checked.success) return;
  const issues = checked.error.issues.filter((issue) => !isExcused(issue, of.config, []));
  // Paths are counted from the whole document, so that each sentence can quote the value it is about.
  const inside = path.length + 1;
  const hints = (at: readonly PathPart[]) => hintAt(manifest.config, at.slice(inside));
  for (const problem of issueProblems(issues, context.document, [...path, 'config'], hints))
    context.problems.push({ ...problem, code: 'invalid_config', message: `${who}: ${problem.message}` });
}

/** Settings that exclude each other, and of which one is needed. */
function checkOneOf(
  context: CheckContext,
  of: Configured,
  manifest: StepManifest,
  path: readonly PathPart[],
  who: string,
): void {
  const { oneOf = [] } = manifest;
  const [first, second] = oneOf.filter((field) => of.config[field] !== undefined);
  if (oneOf.length === 0 || (first !== undefined && second === undefined)) return;
  const titles = oneOf.map((field) => `“${hintAt(manifest.config, [field])?.title ?? field}”`).join(', ');
  const has = second === undefined ? 'none of them is set' : 'more than one is set';
  report(context, {
    code: 'one_of_settings',
    message: `${who} needs exactly one of ${titles}; ${has}.`,
    path: [...path, 'config', ...(second === undefined ? [] : [second])],
    fix: second === undefined ? 'Set one of them.' : 'Keep one and remove the others.',
  });
}

function checkStep(context: CheckContext, id: string, step: Step): void {
  const name = label(context, id);
  checkKind(context, step, ['steps', id], name);
  if (step.probe) checkKind(context, step.probe, ['steps', id, 'probe'], `What asks about ${name}`);
  if (!step.compensate) return;
  const who = `What undoes ${name}`;
  checkKind(context, step.compensate, ['steps', id, 'compensate'], who);
  const { probe } = step.compensate;
  if (probe) checkKind(context, probe, ['steps', id, 'compensate', 'probe'], `What asks about what undoes ${name}`);
  const effect = context.graph.steps.get(id)?.effect;
  if (effect === 'pure' || effect === 'read')
    report(context, {
      code: 'nothing_to_undo',
      severity: 'warning',
      message: `${label(context, id)} changes nothing, so what undoes it is never used.`,
      path: ['steps', id, 'compensate'],
      fix: 'Remove it, or correct the effect of the step.',
    });
}

export function checkKinds(context: CheckContext): void {
  for (const [id, step] of Object.entries(context.document.steps)) checkStep(context, id, step);
}
