/** What a step may refer to in its expressions: the inputs of the workflow and the outputs of the steps before it. Pure. */
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import { neighbours, reachable } from '../../../shared/workflow/walk.ts';
import { formatFieldName } from '../../lib/format.ts';
import type { ValueSource } from './panel/panel-context.ts';

function propertiesOf(schema: unknown): { name: string; title: string }[] {
  const properties = (schema as { properties?: unknown } | undefined)?.properties;
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).map(([name, property]) => {
    const title = (property as { title?: unknown } | null)?.title;
    return { name, title: typeof title === 'string' ? title : formatFieldName(name) };
  });
}

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** JSONata quotes names that are no plain word. */
function path(base: string, name: string): string {
  return plainName.test(name) ? `${base}.${name}` : `${base}.\`${name}\``;
}

export function sourcesFor(
  document: WorkflowDocument,
  id: string,
  manifests: ReadonlyMap<string, StepManifest>,
): ValueSource[] {
  const inputs = propertiesOf(document.inputs).map((field) => ({
    expression: path('input', field.name),
    label: field.title,
    group: 'Input of the workflow',
  }));
  const back = neighbours(
    document.edges.map((edge) => ({ from: edge.from.step, to: edge.to.step })),
    'backward',
  );
  const before = reachable(back, [id]);
  const outputs = Object.entries(document.steps).flatMap(([other, step]): ValueSource[] => {
    if (!before.has(other) || other === id || manifests.get(step.kind)?.ports.out === false) return [];
    const base = `$steps.${other}.output`;
    const group = stepLabel(document, other);
    const fields = propertiesOf(step.config['output']).map((field) => ({
      expression: path(base, field.name),
      label: field.title,
      group,
    }));
    return [{ expression: base, label: 'Whole result', group }, ...fields];
  });
  return [...inputs, ...outputs];
}

/** Everybody who is named anywhere in the workflow, for suggestions. */
export function ownersIn(document: WorkflowDocument): string[] {
  const found = new Set<string>();
  if (document.owner !== undefined) found.add(document.owner);
  for (const step of Object.values(document.steps)) {
    for (const gate of [step.gates?.before, step.gates?.after]) {
      if (!gate) continue;
      found.add(gate.owner);
      for (const rung of gate.ladder ?? []) found.add(rung.owner);
    }
  }
  for (const rule of document.settings?.escalation ?? []) found.add(rule.owner);
  return [...found];
}
