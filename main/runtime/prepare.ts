/**
 * Evaluates what a decision needs before it is made: the config of a step about to begin, its planned request, and the
 * conditions checked on an output. The values travel inside the command and are recorded; `decide` never evaluates.
 */
import type { StepState } from '../../shared/run/state.ts';
import { changeToUndo, stepOf, type RunState } from '../../shared/run/state.ts';
import { changesTheWorld } from '../../shared/steps/effect.ts';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import type { Gate } from '../../shared/workflow/document.ts';
import { stepsPutAside } from '../../shared/run/aside.ts';
import { isUndoKey, scopeOfKey, stepIdOf, undoneBy, visitOf } from '../../shared/run/keys.ts';
import type { StepKey } from '../../shared/run/events.ts';
import { nodeOf, type Graph, type GraphStep } from '../../shared/workflow/graph.ts';
import type { StepKind } from '../steps/kind.ts';
import type { Checked, Command, GateValues, Prepared } from './core/commands.ts';
import { recordedCall } from './core/repeated-call.ts';
import { evaluate, resolve, type Scope } from './expressions.ts';
import { itemIn, resolveMap } from './map-values.ts';

type Begin = Extract<Command, { type: 'begin_attempt' | 'refuse_attempt' }>;

export interface PrepareContext {
  graph: Graph;
  kinds: ReadonlyMap<string, StepKind>;
  /** SHA-256 in hexadecimal. */
  digest(text: string): string;
}

/** The names an expression may use, seen from one step. What earlier steps gave is gathered only when it is asked for. */
export function scopeOf(state: RunState, key: StepKey): Scope {
  const review = stepOf(state, key)?.review;
  const scope = scopeAt(state, scopeOfKey(key));
  scope.visit = visitOf(key);
  if (review) scope.review = review;
  return scope;
}

/** The same, seen from a place: the drawing itself, or an item of a map. */
export function scopeAt(state: RunState, place: string): Scope {
  let gathered: Scope['steps'] | undefined;
  return {
    input: state.input,
    get steps() {
      gathered ??= resultsOf(state, place);
      return gathered;
    },
    env: state.env,
    run: { id: state.runId },
    ...itemIn(state, place),
  };
}

/** What a step of this scope can see: its own item first, then what lies around it, each in its latest visit. */
function resultsOf(state: RunState, scope: string): Scope['steps'] {
  const results: Scope['steps'] = {};
  const aside = stepsPutAside(state, scope);
  for (const step of [...Object.values(state.steps), ...Object.values(aside ?? {})]) {
    const from = scopeOfKey(step.key);
    if (isUndoKey(step.key) || (from !== '' && from !== scope && !scope.startsWith(`${from}/`))) continue;
    if (step.status === 'confirmed' || step.status === 'rolled_back')
      results[stepIdOf(step.key)] = { output: step.output };
    else if (step.status === 'failed') results[stepIdOf(step.key)] = { error: step.error };
  }
  return results;
}

/** A compensation also reads what was asked, what was answered and what came of it. */
function undoScope(state: RunState, key: string): Scope {
  const change = changeToUndo(state, key);
  const output = change?.output ?? stepOf(state, undoneBy(key))?.output;
  return { ...scopeOf(state, key), output, request: change?.request, response: change?.response };
}

/** The names that this step's own fields may use; those of a compensation include what it undoes. */
export function scopeOfStep(state: RunState, key: StepKey): Scope {
  return isUndoKey(key) ? undoScope(state, key) : scopeOf(state, key);
}

/** The command that begins the step's next attempt, or the one that refuses it because a value is missing. */
export async function prepareAttempt(state: RunState, key: string, ctx: PrepareContext): Promise<Begin> {
  const node = nodeOf(ctx.graph, key);
  const kind = node && ctx.kinds.get(node.step.kind);
  if (!node || !kind) {
    const message = `This version of Holdfast has no step kind "${node?.step.kind ?? key}"`;
    return { type: 'refuse_attempt', step: key, error: { class: 'code', code: 'unknown_kind', message } };
  }
  const step = state.steps[key];
  const scope = scopeOfStep(state, key);
  const stored = storedConfig(state, step);
  const fill = node.children ? resolveMap : resolve;
  const resolved = stored ? { ok: true as const, config: stored } : await fill(node.step.config, scope);
  if (!resolved.ok) return { type: 'refuse_attempt', step: key, error: resolved.error };
  const { config } = resolved;
  const problem = kind.validate(config);
  if (problem) {
    const message = `${problem.message} (${problem.pointer || 'settings'})`;
    return { type: 'refuse_attempt', step: key, error: { class: 'invalid_output', code: 'config', message } };
  }
  const gate = node.step.gates?.before;
  const estimate = kind.estimate?.(config);
  const dependency = kind.dependency?.(config);
  const call = kind.manifest.expensive && !changesTheWorld(node.effect) ? await callOf(state, key, config, ctx) : {};
  const plan = changesTheWorld(node.effect) ? kind.plan?.(config) : undefined;
  return {
    type: 'begin_attempt',
    step: key,
    prepared: {
      config,
      ...(ctx.graph.document.settings?.stopWhen ? { stops: await stopValues(ctx.graph, scope) } : {}),
      ...(plan ? { plan } : {}),
      ...(estimate ? { estimate } : {}),
      ...(dependency === undefined ? {} : { dependency }),
      ...call,
      ...(gate && !step?.approved ? { gate: await gateValues(gate, { ...scope, request: config }) } : {}),
    },
  };
}

/**
 * What was announced is what is sent: a repeated effect uses the stored config of its generation, and an approved gate
 * lets through exactly what was seen.
 */
function storedConfig(state: RunState, step: StepState | undefined): Record<string, unknown> | undefined {
  if (!step) return undefined;
  const isAnnounced = Object.values(state.effects).some(
    (effect) => effect.step === step.key && effect.generation === step.generation,
  );
  return isAnnounced ? step.config : step.approved;
}

/** `doneWhen` and the values of the gate after the step, for an output that is not confirmed yet. */
export async function checkOutput(state: RunState, key: string, output: unknown, graph: Graph): Promise<Checked> {
  const node = nodeOf(graph, key);
  if (node?.step.doneWhen === undefined && !node?.step.gates?.after) return {};
  const scope = { ...scopeOf(state, key), output };
  return {
    ...(await doneWhenOf(node, scope)),
    ...(node.step.gates?.after ? { gate: await gateValues(node.step.gates.after, scope) } : {}),
  };
}

async function doneWhenOf(node: GraphStep, scope: Scope): Promise<Pick<Checked, 'doneWhen'>> {
  const expression = node.step.doneWhen;
  if (expression === undefined) return {};
  const found = await evaluate(expression, scope);
  return { doneWhen: { holds: found.ok && found.value === true, expression } };
}

async function gateValues(gate: Gate, scope: Scope): Promise<GateValues> {
  const conditions = gate.when === 'always' ? [] : gate.when.any;
  const usesConfidence = conditions.some((condition) => 'confidenceBelow' in condition);
  const expressions = await Promise.all(
    conditions.map((condition) => ('expression' in condition ? valueOf(condition.expression, scope) : undefined)),
  );
  const confidence = usesConfidence ? await valueOf(gate.confidence ?? 'output.confidence', scope) : undefined;
  return { confidence, expressions };
}

/** Values of the stop conditions that are expressions, by their index; the others are measured by the core. */
async function stopValues(graph: Graph, scope: Scope): Promise<unknown[]> {
  const conditions = graph.document.settings?.stopWhen ?? [];
  return Promise.all(
    conditions.map((condition) => ('expression' in condition ? valueOf(condition.expression, scope) : undefined)),
  );
}

/** A condition that cannot be evaluated has no value, which the gate reads as "ask". */
async function valueOf(expression: string, scope: Scope): Promise<unknown> {
  const found = await evaluate(expression, scope);
  return found.ok ? found.value : undefined;
}

/** Which call this is, and the checks of its recorded result where it was made before in this run. */
async function callOf(
  state: RunState,
  key: string,
  config: Record<string, unknown>,
  { graph, digest }: PrepareContext,
): Promise<Pick<Prepared, 'callDigest' | 'repeated'>> {
  const callDigest = digest(`${nodeOf(graph, key)?.step.kind ?? ''}\n${canonicalText(config)}`);
  const source = recordedCall(state, key, callDigest);
  return { callDigest, ...(source ? { repeated: await checkOutput(state, key, source.output, graph) } : {}) };
}
