import { describe, expect, it } from 'vitest';
import { foldRun } from '../../../shared/run/evolve.ts';
import type { RunEvent, RunEventBody } from '../../../shared/run/events.ts';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { documentSchema, type WorkflowDocument } from '../../../shared/workflow/document.ts';
import { carryOver, spokenCard, toFlow } from './flow.ts';
import { lineOf } from './line.ts';
import { marksOf } from './marks.ts';
import { edgePath } from './paths.ts';
import { portsOf } from './ports.ts';
import { edgeLook, statusOf } from './status.ts';
import { occurrencesOf } from '../../lib/occurrences.ts';
import { openingView, wholeView } from './view.ts';

const base = { version: 1, summary: '', permissions: [], initial: {} };
const http: StepManifest = {
  ...base,
  kind: 'http',
  title: 'Call a system',
  icon: 'globe',
  group: 'systems',
  ports: { out: true },
  effect: { default: 'once', byField: { field: 'method', values: { GET: 'read' } } },
  config: { type: 'object', properties: { timeoutMs: { type: 'integer', control: 'duration' } } },
  line: '{method} {url}',
};
const branch: StepManifest = {
  ...base,
  kind: 'branch',
  title: 'Choose a path',
  icon: 'split',
  group: 'flow',
  ports: { out: false, extra: ['otherwise'], byRules: 'rules' },
  effect: { default: 'pure' },
  config: {},
  line: 'First rule that holds',
};
const manifests = new Map([http, branch].map((manifest) => [manifest.kind, manifest]));

const graph: WorkflowDocument = documentSchema.parse({
  formatVersion: 1,
  id: 'wf_test',
  name: 'Test',
  steps: {
    read: { kind: 'http', label: 'Read', config: { method: 'GET', url: 'sandbox://crm/orders/{{ input.orderId }}' } },
    choose: { kind: 'branch', config: { rules: [{ port: 'big', when: '{{ true }}', label: 'Large amount' }] } },
    pay: {
      kind: 'http',
      label: 'Pay',
      config: { method: 'POST', url: 'sandbox://payments' },
      checkpoint: true,
      gates: { before: { owner: 'role:lead' } },
    },
    tell: { kind: 'http', label: 'Tell', config: { method: 'POST', url: 'sandbox://mail' }, checkpoint: true },
  },
  edges: [
    { id: 'e1', from: { step: 'read', port: 'out' }, to: { step: 'choose' } },
    { id: 'e2', from: { step: 'choose', port: 'big' }, to: { step: 'pay' } },
    { id: 'e3', from: { step: 'pay', port: 'failed' }, to: { step: 'tell' }, onErrors: ['unavailable'] },
    { id: 'e4', from: { step: 'pay', port: 'rejected' }, to: { step: 'tell' } },
    { id: 'e5', from: { step: 'tell', port: 'out' }, to: { step: 'read' }, loop: { maxIterations: 3 } },
    { id: 'e6', from: { step: 'choose', port: 'gone' }, to: { step: 'tell' } },
    { id: 'e7', from: { step: 'read', port: 'out' }, to: { step: 'nowhere' } },
  ],
  layout: { read: { x: 10, y: 20 } },
});

function run(bodies: RunEventBody[]) {
  const events = bodies.map((body, index): RunEvent => ({ ...body, runId: 'r1', seq: index + 1, at: 1000 + index }));
  const state = foldRun(events);
  if (!state) throw new Error('no events');
  return state;
}

const started: RunEventBody = {
  type: 'run_started',
  workflowId: 'wf_test',
  workflowName: 'Test',
  version: 'v',
  owner: 'role:lead',
  input: {},
  env: {},
  by: 'person:ada',
};

describe('the drawing of a document', () => {
  const flow = toFlow(graph, manifests);

  it('has a node per step, placed by the layout, else in a row', () => {
    expect(flow.nodes.map((node) => [node.id, node.position.x, node.position.y])).toEqual([
      ['read', 10, 20],
      ['choose', 320, 0],
      ['pay', 640, 0],
      ['tell', 960, 0],
    ]);
    expect(flow.nodes.every((node) => node.width === 240 && node.height === 88)).toBe(true);
  });

  it('names each kind of path and leaves out edges without a place', () => {
    expect(flow.edges.map((edge) => [edge.id, edge.data?.kind, edge.data?.label, edge.data?.limit])).toEqual([
      ['e1', 'plain', undefined, undefined],
      ['e2', 'rule', 'Large amount', undefined],
      ['e3', 'fallback', 'if it fails: unavailable', undefined],
      ['e4', 'rejected', 'if rejected', undefined],
      ['e5', 'plain', undefined, 3],
    ]);
  });

  it('tells React Flow where every port is', () => {
    const choose = flow.nodes.find((node) => node.id === 'choose');
    expect(choose?.handles?.map((handle) => handle.id)).toEqual(['in', 'big', 'otherwise', 'failed']);
  });

  it('draws only what changed again', () => {
    const renamed = { ...graph, steps: { ...graph.steps, pay: { ...graph.steps['pay']!, label: 'Pay it' } } };
    const next = carryOver(flow, toFlow(renamed, manifests));
    const same = next.nodes.filter((node) => flow.nodes.includes(node)).map((node) => node.id);
    expect(same).toEqual(['read', 'choose', 'tell']);
    expect(next.edges.filter((edge) => flow.edges.includes(edge)).map((edge) => edge.id)).toEqual(['e1', 'e5']);
  });

  it('moves a card without drawing its inside again', () => {
    const moved = { ...graph, layout: { ...graph.layout, read: { x: 99, y: 0 } } };
    const node = carryOver(flow, toFlow(moved, manifests)).nodes[0];
    expect(node?.position).toEqual({ x: 99, y: 0 });
    expect(node?.data).toBe(flow.nodes[0]?.data);
  });

  it('says a card in words', () => {
    expect(spokenCard('read', graph.steps['read']!, http)).toBe('Read, Call a system, GET crm/orders/‹orderId›');
  });
});

describe('ports, marks and the line of a card', () => {
  it('spreads the ways forward over the right side and keeps failure below', () => {
    const ports = portsOf(graph.steps['choose']!, branch);
    expect(ports.map((port) => [port.id, port.side])).toEqual([
      ['big', 'right'],
      ['otherwise', 'right'],
      ['failed', 'bottom'],
    ]);
    expect(ports[0]!.y).toBeLessThan(ports[1]!.y);
    expect(portsOf(graph.steps['pay']!, http).map((port) => port.id)).toEqual(['out', 'failed', 'rejected']);
  });

  it('forces the checkpoint of a step that changes another system', () => {
    expect(marksOf(graph.steps['pay']!, http).map((mark) => [mark.mark, mark.on, mark.forced])).toEqual([
      ['retry', false, false],
      ['checkpoint', true, true],
      ['review', true, false],
    ]);
    expect(marksOf(graph.steps['read']!, http)[1]).toMatchObject({ on: false, forced: false });
  });

  it('says durations as durations and never shows an expression whole', () => {
    const step = { ...graph.steps['read']!, config: { timeoutMs: 90_000, url: '{{ a.b & c }} x' } };
    expect(lineOf(step, { ...http, line: '{timeoutMs} {url}' })).toBe('1 min 30 s ‹…› x');
    expect(lineOf(step, { ...http, line: '{missing}' })).toBe('Call a system');
    expect(lineOf(step, undefined)).toBe('Unknown kind http');
  });
});

describe('a run on the canvas', () => {
  const state = run([
    started,
    { type: 'attempt_started', step: 'read', attempt: 1, config: {} },
    { type: 'attempt_succeeded', step: 'read', attempt: 1, output: {}, ports: ['out'] },
    { type: 'step_confirmed', step: 'read', ports: ['out'] },
    { type: 'attempt_started', step: 'choose', attempt: 1, config: {} },
  ]);

  it('lights up steps and the paths taken', () => {
    const flow = toFlow(graph, manifests, state);
    expect(flow.nodes.map((node) => statusOf(node.data.run).look)).toEqual([
      'confirmed',
      'started',
      'pending',
      'pending',
    ]);
    expect(flow.edges.map((edge) => edge.data?.look)).toEqual(['taken', 'plain', 'plain', 'plain', 'plain']);
    expect(flow.edges[0]?.data?.moving).toBe(true);
  });

  it('says that a result waits for a person, and takes no path before', () => {
    const waiting = run([
      started,
      { type: 'attempt_started', step: 'read', attempt: 1, config: {} },
      { type: 'attempt_succeeded', step: 'read', attempt: 1, output: {}, ports: ['out'] },
      {
        type: 'gate_opened',
        step: 'read',
        taskId: 't1',
        gate: 'after',
        owner: 'role:lead',
        causes: [],
        allow: ['approve'],
        shown: {},
        digest: 'd',
      },
    ]);
    const step = occurrencesOf(graph, waiting).get('read')?.run;
    expect(statusOf(step)).toMatchObject({ look: 'waiting', word: 'waiting for review' });
    expect(edgeLook(step, 'out')).toBe('plain');
  });

  it('counts down to a retry', () => {
    const retrying = run([
      started,
      { type: 'attempt_started', step: 'read', attempt: 1, config: {} },
      { type: 'attempt_failed', step: 'read', attempt: 1, error: { class: 'timeout', message: 'No answer.' } },
      { type: 'retry_scheduled', step: 'read', dueAt: 9000, delayMs: 1000, retrier: 0 },
    ]);
    expect(statusOf(occurrencesOf(graph, retrying).get('read')?.run)).toMatchObject({
      look: 'waiting',
      word: 'tries again',
      dueAt: 9000,
    });
  });

  it('dims a path that was not chosen', () => {
    const skipped = run([started, { type: 'step_skipped', step: 'pay' }]);
    expect(edgeLook(occurrencesOf(graph, skipped).get('pay')?.run, 'out')).toBe('nottaken');
    expect(statusOf(occurrencesOf(graph, skipped).get('pay')?.run).look).toBe('skipped');
  });
});

describe('what is shown first', () => {
  const size = { width: 800, height: 600 };
  it('is everything where that can be read', () => {
    const view = openingView({ x: 0, y: 0, width: 700, height: 100 }, size);
    expect(view).toEqual(wholeView({ x: 0, y: 0, width: 700, height: 100 }, size));
    expect(view.zoom).toBe(1);
  });
  it('is the beginning of a wide graph', () => {
    const view = openingView({ x: 100, y: 0, width: 4000, height: 100 }, size);
    expect(view.zoom).toBe(0.85);
    expect(view.x + 100 * view.zoom).toBe(48);
  });
  it('is the origin of an empty one', () =>
    expect(openingView({ x: 0, y: 0, width: 0, height: 0 }, size).zoom).toBe(1));
});

describe('the path of an edge', () => {
  const ends = {
    sourceX: 0,
    sourceY: 0,
    targetX: 300,
    targetY: 0,
    sourcePosition: 'right',
    targetPosition: 'left',
  } as never;
  it('arches over the cards when it goes back', () => {
    const back = edgePath({ ...(ends as object), sourceX: 900, targetX: 0 } as never, true);
    expect(back.labelY).toBeLessThan(-100);
  });
  it('is a curve forward', () => expect(edgePath(ends, false).d).toMatch(/^M0,0 C/));
});
