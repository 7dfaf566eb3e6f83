import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cases } from '../../test/harness/size.ts';
import { canonicalText, exportDocument } from './canonical.ts';
import type { Step, WorkflowDocument } from './document.ts';
import { applyEdit, type Edit } from './edits.ts';
import { copyFragment, pasteEdit } from './fragments.ts';
import { freshEdgeId, freshStepId } from './fresh.ts';
import { historyLimit, record, redo, seal, startHistory, undo, type History } from './history.ts';
import { checkDocument, parseDocument } from './parse.ts';

function documentOf(value: object): WorkflowDocument {
  const parsed = checkDocument({ formatVersion: 1, id: 'wf', name: 'n', steps: {}, ...value });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.document;
}

const step = (rest: object = {}) => ({ kind: 'http', kindVersion: 1, config: {}, ...rest }) as Step;
const edge = (id: string, from: string, to: string, port = 'out') => ({
  id,
  from: { step: from, port },
  to: { step: to },
});

const chain = documentOf({
  steps: { read: step({ label: 'Read the order' }), decide: step({ label: 'Decide' }), pay: step({ label: 'Pay' }) },
  edges: [edge('e1', 'read', 'decide'), edge('e2', 'decide', 'pay'), edge('e3', 'decide', 'read', 'failed')],
  layout: { read: { x: 0, y: 0 }, decide: { x: 1, y: 0 }, pay: { x: 2, y: 0 } },
  groups: [{ id: 'g', label: 'G', steps: ['decide', 'pay'] }],
  pins: { decide: { output: 1 } },
});

function apply(document: WorkflowDocument, edit: Edit) {
  const result = applyEdit(document, edit);
  if (!result.ok) throw new Error(result.message);
  return result;
}

/** Any gesture on the document as it stands; some of them are refused. */
function gesture(document: WorkflowDocument, [what, one, two, text]: [number, number, number, string]): Edit {
  const ids = Object.keys(document.steps);
  const pick = (number: number) => ids[number % Math.max(1, ids.length)] ?? 'none';
  const edgeId = document.edges[one % Math.max(1, document.edges.length)]?.id ?? 'none';
  switch (what) {
    case 0:
    case 1: {
      const id = freshStepId(document, ['http', 'llm', 'my-kind'][one % 3] ?? '');
      const connectFrom = ids.length > 0 && two % 2 === 0 ? { connectFrom: { step: pick(one), port: 'out' } } : {};
      return { type: 'addStep', id, step: step({ label: text }), at: { x: one, y: two }, ...connectFrom };
    }
    case 2:
      return { type: 'removeSteps', steps: [...new Set([pick(one), pick(two)])], reconnect: one % 2 === 0 };
    case 3:
      return { type: 'moveSteps', positions: { [pick(one)]: { x: two, y: one }, [pick(two)]: { x: 1, y: 2 } } };
    case 4:
    case 5:
      return {
        type: 'connect',
        edge: edge(freshEdgeId(document), pick(one), pick(two), one % 3 === 0 ? 'failed' : 'out'),
      };
    case 6:
      return { type: 'disconnect', edges: [edgeId] };
    case 7:
      return {
        type: 'updateStep',
        step: pick(one),
        changes: [
          { pointer: '/config/a', value: two },
          { pointer: '/doneWhen', value: text },
        ],
      };
    case 8:
      return { type: 'renameStep', step: pick(one), label: text };
    case 9:
      return {
        type: 'setMark',
        step: pick(one),
        mark: (['retry', 'checkpoint', 'gates'] as const)[two % 3] ?? 'retry',
        on: one % 3 > 0,
        effect: two % 2 === 0 ? 'once' : 'read',
      };
    case 10:
      return {
        type: 'setWorkflow',
        changes: [{ pointer: ['/name', '/description', '/owner'][one % 3] ?? '', value: text }],
      };
    case 11:
      return {
        type: 'setWorkflow',
        changes: [{ pointer: '/settings/budget/costMicros', ...(one % 2 === 0 ? { value: two } : {}) }],
      };
    case 12:
      return pasteEdit(document, copyFragment(document, [pick(one), pick(two)]), { x: 20, y: 20 });
    case 13:
      return { type: 'updateEdge', edge: edgeId, changes: [{ pointer: '/label', value: text }] };
    default:
      return {
        type: 'batch',
        name: 'Both',
        edits: [gesture(document, [one % 14, two, one, text]), gesture(document, [3, one, two, text])],
      };
  }
}

const gestures = (length: number) =>
  fc.array(fc.tuple(fc.nat({ max: 14 }), fc.nat({ max: 40 }), fc.nat({ max: 40 }), fc.string({ maxLength: 8 })), {
    minLength: 1,
    maxLength: length,
  });

describe('applyEdit', () => {
  it('is taken back exactly by its inverse and brought again by the inverse of that', () => {
    fc.assert(
      fc.property(gestures(12), (moves) => {
        let document = chain;
        for (const move of moves) {
          const before = exportDocument(document);
          const frozen = canonicalText(document);
          const result = applyEdit(document, gesture(document, move));
          expect(canonicalText(document)).toBe(frozen);
          if (!result.ok) continue;
          const back = apply(result.document, result.inverse);
          expect(canonicalText(back.document)).toBe(frozen);
          expect(exportDocument(back.document)).toBe(before);
          expect(exportDocument(apply(back.document, back.inverse).document)).toBe(exportDocument(result.document));
          document = result.document;
        }
      }),
      { numRuns: cases(1000) },
    );
  });

  it('takes back fifty edits in a row, and each state can be exported and read again', () => {
    fc.assert(
      fc.property(gestures(50), (moves) => {
        let document = chain;
        const inverses: Edit[] = [];
        for (const move of moves) {
          const result = applyEdit(document, gesture(document, move));
          if (!result.ok) continue;
          document = result.document;
          inverses.push(result.inverse);
        }
        const parsed = parseDocument(exportDocument(document));
        expect(parsed.ok && canonicalText(parsed.document)).toBe(canonicalText(document));
        for (const inverse of inverses.reverse()) document = apply(document, inverse).document;
        expect(exportDocument(document)).toBe(exportDocument(chain));
      }),
      { numRuns: cases(200) },
    );
  });

  it.each<[Edit, string]>([
    [
      { type: 'addStep', id: 'mail', step: step({ label: 'Tell the customer' }), at: { x: 0, y: 0 } },
      'Add Tell the customer',
    ],
    [{ type: 'removeSteps', steps: ['pay'] }, 'Delete Pay'],
    [{ type: 'removeSteps', steps: ['pay', 'read'] }, 'Delete 2 steps'],
    [
      { type: 'moveSteps', positions: { pay: { x: 9, y: 9 }, read: { x: 1, y: 1 }, decide: { x: 3, y: 3 } } },
      'Move 3 steps',
    ],
    [{ type: 'connect', edge: edge('e9', 'read', 'pay') }, 'Connect Read the order to Pay'],
    [{ type: 'disconnect', edges: ['e1'] }, 'Disconnect Read the order from Decide'],
    [{ type: 'updateStep', step: 'pay', changes: [{ pointer: '/config/url', value: 'x' }] }, 'Change Pay'],
    [{ type: 'renameStep', step: 'pay', label: 'Pay back' }, 'Rename Pay to Pay back'],
    [{ type: 'setMark', step: 'pay', mark: 'checkpoint', on: true, effect: 'read' }, 'Checkpoint Pay'],
    [{ type: 'setMark', step: 'pay', mark: 'retry', on: true, effect: 'read' }, 'Make Pay retryable'],
    [{ type: 'setMark', step: 'pay', mark: 'gates', on: true, effect: 'read' }, 'Review Pay'],
    [{ type: 'setWorkflow', changes: [{ pointer: '/name', value: 'Other' }] }, 'Rename the workflow'],
    [pasteEdit(chain, copyFragment(chain, ['read', 'decide']), { x: 0, y: 0 }), 'Paste 2 steps'],
  ])('names %j for the undo menu', (edit, name) => {
    const result = apply(chain, edit);
    expect(result.name).toBe(name);
    expect(result.inverse).toMatchObject({ name });
  });

  it.each<[Edit, string]>([
    [{ type: 'addStep', id: 'pay', step: step(), at: { x: 0, y: 0 } }, 'There is already a step "pay".'],
    [{ type: 'addStep', id: '__proto__', step: step(), at: { x: 0, y: 0 } }, '"__proto__" cannot be the id of a step.'],
    [{ type: 'addStep', id: 'x', step: step(), at: { x: Number.NaN, y: 0 } }, 'A position must be two numbers.'],
    [{ type: 'removeSteps', steps: ['toString'] }, 'There is no step "toString".'],
    [{ type: 'connect', edge: edge('e1', 'read', 'pay') }, 'There is already a connection "e1".'],
    [{ type: 'connect', edge: edge('e9', 'read', 'decide') }, 'Read the order to Decide is already connected.'],
    [{ type: 'connect', edge: edge('e9', 'read', 'gone') }, 'There is no step "gone".'],
    [{ type: 'disconnect', edges: ['e1', 'e99'] }, 'There is no such connection.'],
    [
      { type: 'updateStep', step: 'pay', changes: [{ pointer: '/retyr', value: 1 }] },
      'Unknown field "retyr" at /retyr.',
    ],
    [
      { type: 'updateStep', step: 'pay', changes: [{ pointer: '/config/__proto__/x', value: 1 }] },
      'There is no place /config/__proto__/x to change.',
    ],
    [
      { type: 'updateStep', step: 'pay', changes: [{ pointer: '/config/x', value: { constructor: 1 } }] },
      'A field must not be called "constructor".',
    ],
    [{ type: 'setWorkflow', changes: [{ pointer: '/steps/pay', value: {} }] }, '"steps" cannot be changed this way.'],
    [{ type: 'setWorkflow', changes: [{ pointer: '/name', value: '' }] }, '"name" must not be empty.'],
    [
      { type: 'setWorkflow', changes: [{ pointer: '/owner', value: 'me' }] },
      '"owner" cannot be "me": an owner is written role:name or person:name.',
    ],
    [
      {
        type: 'batch',
        name: 'Two',
        edits: [
          { type: 'renameStep', step: 'pay', label: 'x' },
          { type: 'removeSteps', steps: ['gone'] },
        ],
      },
      'There is no step "gone".',
    ],
  ])('refuses %j', (edit, message) => {
    expect(applyEdit(chain, edit)).toEqual({ ok: false, message });
  });

  it('gives the same document back when nothing changes', () => {
    for (const edit of [
      { type: 'moveSteps', positions: { read: { x: 0, y: 0 } } },
      { type: 'renameStep', step: 'pay', label: ' Pay ' },
      { type: 'setMark', step: 'pay', mark: 'gates', on: false, effect: 'read' },
      { type: 'setWorkflow', changes: [{ pointer: '/name', value: 'n' }] },
      { type: 'updateStep', step: 'pay', changes: [{ pointer: '/config/none' }] },
      { type: 'updateEdge', edge: 'e1', changes: [{ pointer: '/label' }] },
    ] satisfies Edit[])
      expect(apply(chain, edit).document).toBe(chain);
  });

  it('removes everything that hangs on a step, and joins the ends when asked to', () => {
    const cut = apply(chain, { type: 'removeSteps', steps: ['decide'] }).document;
    expect(cut).toMatchObject({ edges: [], pins: {}, groups: [{ steps: ['pay'] }] });
    expect(Object.keys(cut.layout ?? {})).toEqual(['read', 'pay']);
    const joined = apply(chain, { type: 'removeSteps', steps: ['decide'], reconnect: true }).document;
    expect(joined.edges).toEqual([edge('e1', 'read', 'pay')]);
  });

  it('joins every way in to every way out, through several removed steps', () => {
    const document = documentOf({
      steps: { a: step(), b: step(), c: step(), d: step(), e: step(), f: step() },
      edges: [edge('1', 'a', 'c'), edge('2', 'b', 'c'), edge('3', 'c', 'd'), edge('4', 'd', 'e'), edge('5', 'd', 'f')],
    });
    const { edges } = apply(document, { type: 'removeSteps', steps: ['c', 'd'], reconnect: true }).document;
    expect(edges.map((one) => `${one.from.step}${one.to.step}`).sort()).toEqual(['ae', 'af', 'be', 'bf']);
    expect(new Set(edges.map((one) => one.id)).size).toBe(4);
  });

  it('starts marks with defaults that fit the effect', () => {
    const on = (mark: 'retry' | 'gates', effect: 'once' | 'read') =>
      apply(chain, { type: 'setMark', step: 'pay', mark, on: true, effect }).document.steps['pay'];
    expect(on('retry', 'once')?.retry?.retriers[0]?.errors).toEqual(['not_sent']);
    expect(on('retry', 'read')?.retry?.retriers[0]?.errors).toEqual(['*']);
    expect(on('gates', 'once')?.gates?.before).toBeDefined();
    expect(on('gates', 'read')?.gates?.after).toBeDefined();
  });
});

describe('ids and paste', () => {
  it('makes ids that no step has', () => {
    expect(freshStepId(chain, 'http')).toBe('http');
    expect(freshStepId(chain, 'pay')).toBe('pay2');
    expect(freshStepId(chain, 'My kind-of Step!')).toBe('myKindOfStep');
    expect(freshStepId(chain, 'constructor')).toBe('step');
    expect(freshStepId(chain, '3')).toBe('step');
    expect(freshEdgeId(chain)).toBe('e4');
  });

  it('follows the new ids in expressions and keeps those of steps outside', () => {
    const document = documentOf({
      steps: { a: step(), b: step({ config: { x: '{{ $steps.a.output + $steps.c.output }}' } }), c: step() },
      edges: [edge('e1', 'a', 'b'), edge('e2', 'c', 'b')],
      layout: { a: { x: 1, y: 1 } },
    });
    const pasted = apply(document, pasteEdit(document, copyFragment(document, ['a', 'b']), { x: 10, y: 0 })).document;
    expect(Object.keys(pasted.steps)).toEqual(['a', 'b', 'c', 'http', 'http2']);
    expect(pasted.steps['http2']?.config).toEqual({ x: '{{ $steps.http.output + $steps.c.output }}' });
    expect(pasted.edges[2]).toEqual(edge('e3', 'http', 'http2'));
    expect(pasted.layout?.['http']).toEqual({ x: 11, y: 1 });
  });
});

describe('history', () => {
  function done(history: History, edit: Edit): History {
    const result = record(history, edit);
    if (!result.ok) throw new Error(result.message);
    return result.history;
  }
  const label = (text: string): Edit => ({ type: 'renameStep', step: 'pay', label: text });

  it('makes one entry of typing into one field, and a new one after it was left', () => {
    let history = startHistory(chain);
    for (const text of ['P', 'Pa', 'Pay b', 'Pay back']) history = done(history, label(text));
    expect(history.past.map((entry) => entry.name)).toEqual(['Rename Pay b to Pay back']);
    history = done(seal(history), label('Refund'));
    history = done(history, { type: 'updateStep', step: 'pay', changes: [{ pointer: '/config/a', value: 1 }] });
    expect(history.past).toHaveLength(3);
    const back = undo(undo(undo(history) as History) as History) as History;
    expect(exportDocument(back.document)).toBe(exportDocument(chain));
    expect(undo(back)).toBeUndefined();
    expect(redo(history)).toBeUndefined();
  });

  it('forgets what was undone once something new is done, and ignores what changes nothing', () => {
    const one = done(startHistory(chain), label('A'));
    const undone = undo(one) as History;
    expect(undone.future).toHaveLength(1);
    expect(done(undone, label('Pay')).future).toHaveLength(1);
    expect(done(undone, label('B')).future).toEqual([]);
    expect(record(one, { type: 'removeSteps', steps: ['gone'] })).toMatchObject({ ok: false });
  });

  it('goes all the way back and forth again', () => {
    fc.assert(
      fc.property(gestures(30), fc.array(fc.boolean()), (moves, seals) => {
        let history = startHistory(chain);
        moves.forEach((move, index) => {
          const result = record(history, gesture(history.document, move));
          if (result.ok) history = seals[index] ? seal(result.history) : result.history;
        });
        const end = exportDocument(history.document);
        for (let back = undo(history); back; back = undo(history)) history = back;
        expect(exportDocument(history.document)).toBe(exportDocument(chain));
        for (let forth = redo(history); forth; forth = redo(history)) history = forth;
        expect(exportDocument(history.document)).toBe(end);
      }),
      { numRuns: cases(300) },
    );
  });

  it('keeps a bounded number of entries, at least 200', () => {
    expect(historyLimit).toBeGreaterThanOrEqual(200);
    let history = startHistory(chain);
    for (let index = 0; index < historyLimit + 20; index += 1)
      history = done(history, { type: 'moveSteps', positions: { pay: { x: index + 10, y: 0 } } });
    expect(history.past).toHaveLength(historyLimit);
  });
});
