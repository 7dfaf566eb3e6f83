// What every step kind must hold, whoever wrote it. A kind brings examples of resolved configs; the suite checks that the
// manifest is honest data, that bad settings are named in a sentence, and that executing, planning and stopping behave.
// Must never know a particular kind.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { HttpResponse, Outcome, StepContext, StepKind } from '../main/steps/kind.ts';
import { createDispatcher } from '../main/runtime/dispatcher.ts';
import { changesTheWorld, effectClasses } from '../shared/steps/effect.ts';
import { controls } from '../shared/steps/manifest.ts';

export interface StepExamples {
  /** Resolved configs that can be executed. */
  good: Record<string, unknown>[];
  /** Resolved configs that cannot. */
  bad: Record<string, unknown>[];
  /** What `ctx.http` answers. */
  answer?: HttpResponse;
}

/** Words of the trade that do not belong into what an analyst reads. */
const JARGON = /\b(?:boolean|regex|enum|nullable|payload|schema|stringif\w*|deserial\w*|undefined)\b/i;
const groups = ['ai', 'systems', 'data', 'flow', 'people'];
const root = path.resolve(import.meta.dirname, '..');

export interface Clause {
  name: string;
  check: () => void | Promise<void>;
}

export function describeStepKind(kind: StepKind, examples: StepExamples): void {
  describe(`step kind ${kind.manifest.kind}`, () => {
    test.each(contractOf(kind, examples))('$name', ({ check }) => check());
  });
}

/** Every clause throws when the kind breaks it. */
export function contractOf(kind: StepKind, examples: StepExamples): Clause[] {
  const { manifest } = kind;
  const properties = propertiesOf(manifest.config);

  return [
    {
      name: 'the manifest is plain JSON of a closed vocabulary',
      check: () => {
        expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
        expect(manifest.kind).toMatch(/^[a-z][a-z0-9-]*$/);
        expect(Number.isInteger(manifest.version) && manifest.version >= 1).toBe(true);
        expect(groups).toContain(manifest.group);
        const { byField } = manifest.effect;
        for (const effect of [manifest.effect.default, ...Object.values(byField?.values ?? {})]) {
          expect(effectClasses).toContain(effect);
        }
        if (byField) expect(Object.keys(properties)).toContain(byField.field);
        for (const port of manifest.ports.extra ?? []) expect(['out', 'failed', 'rejected']).not.toContain(port);
        if (manifest.ports.extraWith !== undefined) expect(Object.keys(properties)).toContain(manifest.ports.extraWith);
        if (manifest.ports.byRules !== undefined) expect(Object.keys(properties)).toContain(manifest.ports.byRules);
      },
    },

    {
      name: 'it is said in plain words',
      check: () => {
        expect(manifest.title).toMatch(/^[A-Z][^.]{1,40}$/);
        expect(manifest.summary).toMatch(/^[A-Z].*\.$/);
        expect(`${manifest.title} ${manifest.summary}`).not.toMatch(JARGON);
        expect(existsSync(path.join(root, 'node_modules/lucide-react/dist/esm/icons', `${manifest.icon}.mjs`))).toBe(
          true,
        );
        for (const [, field] of manifest.line.matchAll(/\{([^}]*)\}/g))
          expect(Object.keys(properties)).toContain(field);
      },
    },

    {
      name: 'every setting can be drawn and explained',
      check: () => {
        expect(manifest.config['type']).toBe('object');
        expect(manifest.config['additionalProperties']).toBe(false);
        expect(Object.keys(properties).length).toBeGreaterThan(0);
        for (const [name, field] of Object.entries(properties)) {
          expect({ name, control: field['control'] }).toEqual({ name, control: expect.toBeOneOf([...controls]) });
          expect(field['title'], name).toMatch(/^[A-Z]/);
          expect(field['help'], name).toMatch(/\.$/);
          expect(`${String(field['title'])} ${String(field['help'])}`).not.toMatch(JARGON);
          if (field['control'] === 'choice' || field['control'] === 'connection') {
            expect(field['choices']).toEqual(
              expect.arrayContaining([{ value: expect.any(String), label: expect.any(String) }]),
            );
          }
        }
      },
    },

    {
      name: 'a fresh step fits its own form but for texts left to fill in',
      check: () => {
        const form = z.fromJSONSchema(manifest.config as Parameters<typeof z.fromJSONSchema>[0]);
        const issues = form.safeParse(manifest.initial).error?.issues ?? [];
        for (const issue of issues) expect(manifest.initial[String(issue.path[0])], issue.message).toBe('');
        expect(form.safeParse({ ...manifest.initial, noSuchSetting: 1 }).success).toBe(false);
        expectSentence(kind.validate(manifest.initial));
      },
    },

    {
      name: 'bad settings are named in one sentence with their place',
      check: () => {
        const hostile = [{ noSuchSetting: 1 }, ...Object.keys(properties).map((name) => ({ [name]: { '': [null] } }))];
        expect(examples.bad.length).toBeGreaterThan(0);
        for (const config of examples.bad) expect(kind.validate(config), JSON.stringify(config)).toBeDefined();
        for (const config of [...hostile, ...examples.bad, {}]) expectSentence(kind.validate(config));
      },
    },

    {
      name: 'good settings execute to JSON and leave the config alone',
      check: async () => {
        expect(examples.good.length).toBeGreaterThan(0);
        for (const config of examples.good) {
          expect(kind.validate(config)).toBeUndefined();
          const frozen = deepFreeze(structuredClone(config));
          const outcome = await kind.execute(frozen, contextOf(kind, examples));
          if (kind.byEngine) expect(outcome).toMatchObject({ ok: false, sent: false });
          else expectJsonOutcome(outcome);
          if ('ok' in outcome && outcome.ok) {
            for (const port of outcome.ports ?? []) expect(portsOf(kind, config)).toContain(port);
            if (!manifest.ports.out) expect(outcome.ports?.length).toBe(1);
          }
        }
      },
    },

    {
      name: 'the plan is pure, and there is one for whatever can change the world',
      check: () => {
        const canChange = [manifest.effect.default, ...Object.values(manifest.effect.byField?.values ?? {})].some(
          changesTheWorld,
        );
        if (canChange) expect(kind.plan).toBeDefined();
        for (const config of examples.good) {
          const planned = kind.plan?.(deepFreeze(structuredClone(config)));
          expect(kind.plan?.(structuredClone(config))).toEqual(planned);
          if (!planned) continue;
          expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
          expect(planned.target.trim()).not.toBe('');
        }
      },
    },

    {
      name: 'an aborted attempt ends soon, without a claim of success it cannot keep',
      check: async () => {
        for (const config of examples.good) {
          const abort = new AbortController();
          const dispatcher = createDispatcher({
            kinds: new Map([[manifest.kind, kind]]),
            http: (_request, signal) =>
              new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
            clock: () => 1_000,
            log: () => undefined,
            graceMs: 2_000,
          });
          setTimeout(() => abort.abort(), 20);
          const started = performance.now();
          const effect = { class: manifest.effect.default, generation: 0 };
          const task = { runId: 'run_1', stepKey: 's', kind: manifest.kind, config, attempt: 1, effect };
          const outcome = await dispatcher.execute(task, abort.signal);
          expect(performance.now() - started, 'it ignored its abort').toBeLessThan(1_000);
          if ('ok' in outcome && !outcome.ok && !kind.byEngine) expect(outcome.error.class).toBe('cancelled');
        }
      },
    },
  ];
}

function propertiesOf(schema: Record<string, unknown>): Record<string, Record<string, unknown>> {
  return (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
}

function portsOf(kind: StepKind, config: Record<string, unknown>): string[] {
  const { ports } = kind.manifest;
  const rules = ports.byRules === undefined ? [] : ((config[ports.byRules] ?? []) as { port: string }[]);
  return [...(ports.out ? ['out'] : []), ...(ports.extra ?? []), ...rules.map((rule) => rule.port)];
}

function contextOf(kind: StepKind, examples: StepExamples): StepContext {
  return {
    runId: 'run_1',
    step: 's',
    attempt: 1,
    signal: new AbortController().signal,
    effect: { class: kind.manifest.effect.default, key: 'k1', generation: 0 },
    log: () => undefined,
    heartbeat: () => undefined,
    now: () => 1_000,
    http: async () => examples.answer ?? { status: 200, headers: {}, body: null },
  };
}

function expectSentence(problem: { message: string; pointer: string } | undefined): void {
  if (!problem) return;
  expect(problem.message).toMatch(/^[A-Z"][^\n]*\.$/);
  expect(problem.pointer).toMatch(/^(?:\/[^/]*)*$/);
}

function expectJsonOutcome(outcome: Outcome): void {
  expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
  if ('suspend' in outcome && outcome.signal !== undefined) expect(outcome.signal).not.toBe('');
  else if ('suspend' in outcome) expect(Number.isSafeInteger(outcome.dueAt)).toBe(true);
  else expect(outcome.ok).toBe(true);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const member of Object.values(Object.freeze(value))) deepFreeze(member);
  return value;
}
