/**
 * Can every expression be read, and does each name only steps that have run by then? Templates in configs, and the
 * fields that are expressions by themselves, with or without `{{ }}`.
 */
import type { Gate, Probe } from '../document.ts';
import { stepReferences } from '../expression-scan.ts';
import { quoted } from '../issues.ts';
import { pathOf, pointerOf, type PathPart } from '../pointer.ts';
import { expressionText, templatesIn } from '../template.ts';
import { neighbours, shortestPath } from '../walk.ts';
import { exists, label, manifestOf, report, type CheckContext } from './context.ts';

interface ExpressionUse {
  path: readonly PathPart[];
  expression: string;
  /** Where the expression starts in the text at `path`. */
  offset: number;
  step?: string;
  /** The step has ended when this is evaluated, so it may name itself. */
  afterStep: boolean;
}

/** Whole-text expressions of a config: fields whose control is `expression`, found along the manifest's schema. */
function expressionFields(value: unknown, schema: unknown, path: PathPart[]): PathPart[][] {
  if (typeof schema !== 'object' || schema === null) return [];
  const rules = schema as Record<string, unknown>;
  if (typeof value === 'string') return rules['control'] === 'expression' ? [path] : [];
  const alternatives = [rules['anyOf'], rules['oneOf'], rules['allOf']].flatMap((one) =>
    Array.isArray(one) ? one : [],
  );
  const found = alternatives.flatMap((one) => expressionFields(value, one, path));
  if (Array.isArray(value))
    return [...found, ...value.flatMap((item, index) => expressionFields(item, rules['items'], [...path, index]))];
  if (typeof value !== 'object' || value === null) return found;
  const properties = (rules['properties'] ?? {}) as Record<string, unknown>;
  for (const [key, item] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : rules['additionalProperties'];
    found.push(...expressionFields(item, known, [...path, key]));
  }
  return found;
}

function textAt(value: unknown, path: readonly PathPart[]): string {
  const found = path.reduce<unknown>((at, part) => (at as Record<PathPart, unknown>)[part], value);
  return typeof found === 'string' ? found : '';
}

function field(text: string, path: readonly PathPart[], step: string | undefined, afterStep: boolean): ExpressionUse {
  const expression = expressionText(text);
  const use = { path, expression, offset: Math.max(0, text.indexOf(expression)), afterStep };
  return step === undefined ? use : { ...use, step };
}

function configUses(
  context: CheckContext,
  of: { kind: string; config: Record<string, unknown> },
  path: readonly PathPart[],
  step: string,
  afterStep: boolean,
): ExpressionUse[] {
  const whole = expressionFields(of.config, manifestOf(context, of.kind)?.config, []);
  const wholePointers = new Set(whole.map((one) => pointerOf([...path, ...one])));
  const uses = whole
    .filter((one) => textAt(of.config, one).trim() !== '')
    .map((one) => field(textAt(of.config, one), [...path, ...one], step, afterStep));
  const { expressions, faults } = templatesIn(of.config, path);
  for (const fault of faults) {
    if (wholePointers.has(fault.pointer)) continue;
    report(context, {
      code: 'template_not_closed',
      message: `${label(context, step)}: ${fault.message}.`,
      path: pathOf(fault.pointer),
      step,
      fix: 'Close it with "}}", and check brackets and quotes inside.',
    });
  }
  for (const { pointer, expression, offset } of expressions)
    if (!wholePointers.has(pointer)) uses.push({ path: pathOf(pointer), expression, offset, step, afterStep });
  return uses;
}

function gateUses(gate: Gate | undefined, path: PathPart[], step: string, afterStep: boolean): ExpressionUse[] {
  if (!gate) return [];
  const uses: ExpressionUse[] = [];
  if (gate.when !== 'always')
    gate.when.any.forEach((condition, index) => {
      if ('expression' in condition)
        uses.push(field(condition.expression, [...path, 'when', 'any', index, 'expression'], step, afterStep));
    });
  if (gate.confidence !== undefined) uses.push(field(gate.confidence, [...path, 'confidence'], step, afterStep));
  return uses;
}

function probeUses(
  context: CheckContext,
  probe: Probe,
  path: PathPart[],
  step: string,
  afterStep: boolean,
): ExpressionUse[] {
  const uses = configUses(context, probe, [...path, 'config'], step, afterStep);
  uses.push(field(probe.happened, [...path, 'happened'], step, afterStep));
  if (probe.result !== undefined) uses.push(field(probe.result, [...path, 'result'], step, afterStep));
  return uses;
}

function usesOf(context: CheckContext): ExpressionUse[] {
  const uses: ExpressionUse[] = [];
  for (const [id, step] of Object.entries(context.document.steps)) {
    const path = ['steps', id];
    uses.push(...configUses(context, step, [...path, 'config'], id, false));
    if (step.doneWhen !== undefined) uses.push(field(step.doneWhen, [...path, 'doneWhen'], id, true));
    uses.push(...gateUses(step.gates?.before, [...path, 'gates', 'before'], id, false));
    uses.push(...gateUses(step.gates?.after, [...path, 'gates', 'after'], id, true));
    if (step.probe) uses.push(...probeUses(context, step.probe, [...path, 'probe'], id, false));
    const { compensate } = step;
    if (!compensate) continue;
    uses.push(...configUses(context, compensate, [...path, 'compensate', 'config'], id, true));
    if (compensate.probe)
      uses.push(...probeUses(context, compensate.probe, [...path, 'compensate', 'probe'], id, true));
  }
  context.document.settings?.stopWhen?.forEach((condition, index) => {
    if ('expression' in condition)
      uses.push(field(condition.expression, ['settings', 'stopWhen', index, 'expression'], undefined, true));
  });
  return uses;
}

/** Has `named` ended when `id` begins: is it before the step or, inside a container, before the container? */
function upstreamOf(context: CheckContext): (id: string, named: string) => boolean {
  const back = neighbours(
    context.document.edges.map((edge) => ({ from: edge.from.step, to: edge.to.step })),
    'backward',
  );
  return (id, named) => {
    const outer = new Set<string>();
    for (let at: string | undefined = id; at !== undefined && !outer.has(at); at = context.document.steps[at]?.parent)
      outer.add(at);
    return [...outer].some((start) => shortestPath(back, start, named) !== undefined);
  };
}

/** The result of an item is found after the steps inside its map. */
function isInside(context: CheckContext, id: string, container: string): boolean {
  const seen = new Set<string>();
  for (
    let at = context.document.steps[id]?.parent;
    at !== undefined && !seen.has(at);
    at = context.document.steps[at]?.parent
  ) {
    if (at === container) return true;
    seen.add(at);
  }
  return false;
}

export function checkExpressions(context: CheckContext): void {
  const upstream = upstreamOf(context);
  for (const use of usesOf(context)) {
    const place = { path: use.path, ...(use.step === undefined ? {} : { step: use.step }) };
    const who = use.step === undefined ? 'A stop condition' : label(context, use.step);
    if (use.expression === '') {
      report(context, {
        ...place,
        code: 'expression_empty',
        message: `${who}: there is nothing between "{{" and "}}".`,
        fix: 'Write an expression there, or remove the braces.',
      });
      continue;
    }
    const fault = context.parseExpression(use.expression);
    if (fault) {
      const where = fault.offset === undefined ? '' : ` (at character ${use.offset + fault.offset + 1})`;
      report(context, {
        ...place,
        code: 'invalid_expression',
        message: `${who}: the expression ${quoted(use.expression)} cannot be read: ${fault.message.replace(/\.$/, '')}${where}.`,
        fix: 'Correct the expression.',
      });
      continue;
    }
    const seen = new Set<string>();
    for (const { step: named } of stepReferences(use.expression)) {
      if (seen.has(named)) continue;
      seen.add(named);
      if (!exists(context, named))
        report(context, {
          ...place,
          code: 'unknown_step_in_expression',
          message: `${who} uses $steps.${named}, but there is no step "${named}".`,
          fix: 'Name a step that exists.',
        });
      else if (
        use.step !== undefined &&
        !(use.afterStep && named === use.step) &&
        !isInside(context, named, use.step) &&
        !upstream(use.step, named)
      )
        report(context, {
          ...place,
          code: 'not_upstream',
          severity: 'warning',
          message: `${who} uses the result of ${label(context, named)}, which does not run before it.`,
          fix: `Connect ${label(context, named)} so that it comes first, or use another step.`,
        });
    }
  }
}
