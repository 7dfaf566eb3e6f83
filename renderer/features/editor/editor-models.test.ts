import { describe, expect, it } from 'vitest';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { documentSchema, type WorkflowDocument } from '../../../shared/workflow/document.ts';
import { applyEdit, type Edit } from '../../../shared/workflow/edits.ts';
import { copyText, freshStep, planAdd, planDuplicate, planInsert, planMark, planPaste } from './edit-actions.ts';
import { parseExpression } from './expression.ts';
import { groupKinds, searchKinds } from './palette/search.ts';
import { pathEdit, pathRows } from './path-rows.ts';
import { withoutStep } from './problem-text.ts';
import { connectionFault, freePlace, openPort, placeBehind } from './placing.ts';
import { defaultInput, missingIn, mustAsk } from './run/input-model.ts';
import { ownersIn, sourcesFor } from './sources.ts';
import { changesBetween } from './step-changes.ts';
import { createEditorStore } from './store.ts';

const plain = {
  version: 1,
  summary: 'Does something useful.',
  icon: 'box',
  permissions: [],
  config: {},
  initial: {},
  line: '',
};
const http: StepManifest = {
  ...plain,
  kind: 'http',
  title: 'Call a system',
  group: 'systems',
  ports: { out: true },
  effect: { default: 'once', byField: { field: 'method', values: { GET: 'read' } } },
};
const branch: StepManifest = {
  ...plain,
  kind: 'branch',
  title: 'Choose a path',
  group: 'flow',
  ports: { out: false, byRules: 'rules', extra: ['otherwise'] },
  effect: { default: 'pure' },
};
const llm: StepManifest = {
  ...plain,
  kind: 'llm',
  title: 'Ask a model',
  group: 'ai',
  ports: { out: true },
  effect: { default: 'read' },
};
const manifests = [http, branch, llm];
const byKind = new Map(manifests.map((manifest) => [manifest.kind, manifest]));

const graph = documentSchema.parse({
  formatVersion: 1,
  id: 'wf_test',
  name: 'Test',
  owner: 'role:lead',
  inputs: { type: 'object', properties: { orderId: { type: 'string', title: 'Order' } } },
  steps: {
    read: { kind: 'llm', label: 'Read', config: { output: { properties: { amount: {} } } } },
    choose: { kind: 'branch', label: 'Choose', config: { rules: [{ port: 'big', when: '{{ true }}' }] } },
    pay: {
      kind: 'http',
      label: 'Pay',
      config: { method: 'POST' },
      checkpoint: true,
      gates: { before: { owner: 'role:boss', ladder: [{ owner: 'person:ada', dueMs: 1 }] } },
    },
  },
  edges: [
    { id: 'e1', from: { step: 'read', port: 'out' }, to: { step: 'choose' } },
    { id: 'e2', from: { step: 'choose', port: 'big' }, to: { step: 'pay' } },
  ],
  layout: { read: { x: 0, y: 0 }, choose: { x: 320, y: 0 }, pay: { x: 640, y: 0 } },
});

function after(document: WorkflowDocument, edit: Edit | undefined): WorkflowDocument {
  if (!edit) throw new Error('no edit');
  const result = applyEdit(document, edit);
  if (!result.ok) throw new Error(result.message);
  return result.document;
}

const leads = (document: WorkflowDocument) =>
  document.edges.map((edge) => `${edge.from.step}.${edge.from.port}>${edge.to.step}`).sort();

describe('adding a step', () => {
  it('goes behind the selection, through its open port, where nothing is covered', () => {
    const next = after(graph, planAdd(graph, byKind, llm, { behind: { step: 'choose' } }).edit);
    expect(leads(next)).toContain('choose.otherwise>llm');
    expect(next.layout?.['llm']).toEqual({ x: 640, y: 160 });
  });
  it('stands alone at a point', () => {
    const plan = planAdd(graph, byKind, llm, { at: { x: 13, y: 505 } });
    const next = after(graph, plan.edit);
    expect(next.edges).toEqual(graph.edges);
    expect(next.layout?.[plan.select[0] ?? '']).toEqual({ x: 20, y: 500 });
  });
  it('goes to the end without a selection', () => {
    const plan = planAdd(graph, byKind, llm, {});
    expect(after(graph, plan.edit).layout?.['llm']).toEqual({ x: 960, y: 0 });
  });
  it('is checkpointed at once when it changes another system', () => {
    expect(freshStep(http).checkpoint).toBe(true);
    expect(freshStep(llm).checkpoint).toBeUndefined();
  });
  it('inserts on an edge and makes room, as one undo step', () => {
    const plan = planInsert(graph, llm, 'e2');
    const next = after(graph, plan?.edit);
    expect(leads(next)).toEqual(['choose.big>llm', 'llm.out>pay', 'read.out>choose']);
    expect(next.layout).toMatchObject({ llm: { x: 640, y: 0 }, pay: { x: 960, y: 0 } });
    expect(planInsert(graph, llm, 'gone')).toBeUndefined();
  });
});

describe('connections', () => {
  it('may not go back, repeat themselves or lead to themselves', () => {
    expect(connectionFault(graph, { step: 'pay', port: 'out' }, 'read')).toMatch(/going back/);
    expect(connectionFault(graph, { step: 'read', port: 'out' }, 'choose')).toMatch(/already/);
    expect(connectionFault(graph, { step: 'read', port: 'out' }, 'read')).toMatch(/itself/);
    expect(connectionFault(graph, { step: 'read', port: 'failed' }, 'pay')).toBeUndefined();
  });
  it('start at a port that leads nowhere yet', () => {
    expect(openPort(graph, 'choose', branch)).toBe('otherwise');
    expect(openPort(graph, 'pay', http)).toBe('out');
    expect(openPort(graph, 'nobody', http)).toBeUndefined();
  });
  it('are rows of the form too', () => {
    const rows = pathRows(graph, 'choose', branch);
    expect(rows.map((row) => [row.port, row.targets, row.choices.map((choice) => choice.value)])).toEqual([
      ['big', ['pay'], ['pay']],
      ['otherwise', [], ['pay']],
      ['failed', [], ['pay']],
    ]);
    expect(leads(after(graph, pathEdit(graph, 'choose', 'otherwise', ['pay'])))).toContain('choose.otherwise>pay');
    expect(leads(after(graph, pathEdit(graph, 'choose', 'big', [])))).toEqual(['read.out>choose']);
    expect(pathEdit(graph, 'choose', 'big', ['pay'])).toBeUndefined();
  });
  it('find a free place', () => {
    expect(freePlace(graph, { x: 0, y: 0 })).toEqual({ x: 0, y: 160 });
    expect(placeBehind(graph, 'pay')).toEqual({ x: 960, y: 0 });
  });
});

describe('marks', () => {
  it('say why a checkpoint stays', () => {
    const plan = planMark(graph, byKind, 'pay', 'checkpoint');
    expect(plan).toEqual({
      ok: false,
      message: 'Pay changes another system, so its result is always saved before anything else happens.',
    });
  });
  it('toggle', () => {
    for (const mark of ['retry', 'checkpoint', 'review'] as const) {
      const on = planMark(graph, byKind, 'read', mark);
      if (!on.ok) throw new Error(on.message);
      const next = after(graph, on.edit);
      expect(next.steps['read']).not.toEqual(graph.steps['read']);
      const off = planMark(next, byKind, 'read', mark);
      if (!off.ok) throw new Error(off.message);
      expect(after(next, off.edit).steps['read']).toEqual(graph.steps['read']);
    }
  });
});

describe('the clipboard', () => {
  it('carries steps as text and gives them new names', () => {
    const plan = planPaste(graph, copyText(graph, ['read', 'choose']), { x: 0, y: 400 });
    const next = after(graph, plan?.edit);
    expect(Object.keys(next.steps)).toHaveLength(5);
    expect(next.edges).toHaveLength(3);
    expect(plan?.select.map((id) => next.layout?.[id])).toEqual([
      { x: 0, y: 400 },
      { x: 320, y: 400 },
    ]);
  });
  it.each(['', 'hello', '{}', '{"kind":"holdfast/steps","steps":{"a":{"nonsense":1}}}'])('refuses %s', (text) =>
    expect(planPaste(graph, text)).toBeUndefined(),
  );
  it('duplicates beside the original', () => {
    const plan = planDuplicate(graph, ['pay']);
    expect(after(graph, plan.edit).layout?.[plan.select[0] ?? '']).toEqual({ x: 680, y: 40 });
  });
});

describe('changes between two versions of a step', () => {
  it('are as small as they can be', () => {
    expect(changesBetween({ a: { b: 1, c: 2 } }, { a: { b: 9, c: 2 } })).toEqual([{ pointer: '/a/b', value: 9 }]);
    expect(changesBetween({ a: 1 }, {})).toEqual([{ pointer: '/a', value: undefined }]);
    expect(changesBetween({ a: [1] }, { a: [1, 2] })).toEqual([{ pointer: '/a', value: [1, 2] }]);
    const same = { a: 1 };
    expect(changesBetween(same, same)).toEqual([]);
  });
});

describe('the store', () => {
  it('names undo steps, merges typing, forgets what is gone', () => {
    const store = createEditorStore({ id: 'wf_test', revision: 1, updatedAt: 0, document: graph }, manifests);
    const { edit, undo, redo, select } = store.getState();
    for (const label of ['P', 'Pa', 'Pay i'])
      edit({ type: 'updateStep', step: 'pay', changes: [{ pointer: '/label', value: label }] });
    expect(store.getState().history.past).toHaveLength(1);
    select({ steps: ['pay'] });
    edit({ type: 'removeSteps', steps: ['pay'] });
    expect(store.getState().selection.steps).toEqual([]);
    expect(store.getState().history.past.map((entry) => entry.name)).toEqual(['Change Pa', 'Delete Pay i']);
    undo();
    undo();
    expect(store.getState().history.document).toEqual(graph);
    redo();
    expect(store.getState().history.document.steps['pay']?.label).toBe('Pay i');
    expect(edit({ type: 'removeSteps', steps: ['nobody'] })).toMatchObject({ ok: false });
  });
});

describe('around the canvas', () => {
  it('offers the inputs and the results before a step', () => {
    expect(sourcesFor(graph, 'pay', byKind).map((source) => source.expression)).toEqual([
      'input.orderId',
      '$steps.read.output',
      '$steps.read.output.amount',
    ]);
    expect(sourcesFor(graph, 'read', byKind).map((source) => source.expression)).toEqual(['input.orderId']);
  });
  it('knows who is named', () => expect(ownersIn(graph)).toEqual(['role:lead', 'role:boss', 'person:ada']));
  it('finds kinds by what they are called', () => {
    expect(searchKinds(manifests, 'path')[0]?.kind).toBe('branch');
    expect(searchKinds(manifests, 'useful system').map((manifest) => manifest.kind)).toEqual(['http']);
    expect(searchKinds(manifests, 'zzz')).toEqual([]);
    expect(groupKinds(manifests).map((group) => group.title)).toEqual(['AI', 'Systems', 'Flow']);
  });
  it('asks for input only where it must', () => {
    const inputs = { properties: { a: { type: 'string', default: 'x' }, b: { type: 'string' } }, required: ['a'] };
    expect(mustAsk(undefined)).toBe(false);
    expect(mustAsk(inputs)).toBe(false);
    expect(mustAsk({ ...inputs, required: ['b'] })).toBe(true);
    expect(defaultInput(inputs)).toEqual({ a: 'x' });
    expect(missingIn({ ...inputs, required: ['b'] }, { b: '' })).toEqual(['b']);
  });
  it('parses expressions and says what is wrong', () => {
    expect(parseExpression('$steps.read.output.amount > 0')).toBeUndefined();
    expect(parseExpression('a >')?.message).toBeTruthy();
  });
});

describe('withoutStep', () => {
  it('leaves out the name of the step where it is said beside, and nothing else', () => {
    const problem = {
      code: 'c',
      severity: 'error',
      pointer: '/steps/a',
      message: '“Ask”: "Question" is empty.',
    } as const;
    expect(withoutStep(problem, 'Ask')).toBe('"Question" is empty.');
    expect(withoutStep(problem, 'Call')).toBe(problem.message);
    const whole = { ...problem, message: '“Ask” leads nowhere.' };
    expect(withoutStep(whole, 'Ask')).toBe('“Ask” leads nowhere.');
  });
});
