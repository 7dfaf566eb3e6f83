/** Repeated expensive calls through the real engine: the model is asked once, and its answer is there after a restart. */
import { afterEach, expect, test } from 'vitest';
import { engineBench, type Bench } from '../../test/harness/engine.ts';
import { documentOf, step } from '../../test/harness/graph.ts';
import { manifests } from '../steps/index.ts';

let bench: Bench;
afterEach(() => bench.remove());

test('the same question is asked once in a run; another one, and another run, ask again', async () => {
  const asked: unknown[] = [];
  const manifest = manifests.get('llm');
  if (!manifest) throw new Error('There is no step kind llm');
  bench = await engineBench({
    kinds: {
      dear: {
        manifest,
        execute: (config) => {
          asked.push(config['ask']);
          return Promise.resolve({ ok: true, output: { n: asked.length }, costMicros: 10 });
        },
      },
    },
  });
  const dear = (ask: string, patch = {}) => step({ kind: 'dear', effect: 'read', config: { ask }, ...patch });
  const steps = {
    a: dear('{{ input.what }}'),
    b: dear('Why?', { doneWhen: 'output.n = 1' }),
    c: dear('When?'),
  };
  const document = documentOf(steps, [
    ['a', 'b'],
    ['b', 'c'],
  ]);
  const state = await bench.settled(await bench.start(document, { what: 'Why?' }));
  expect(asked).toEqual(['Why?', 'When?']);
  expect(state).toMatchObject({ end: 'complete', costMicros: 20 });
  expect(state.steps['b']).toMatchObject({
    output: { n: 1 },
    attempts: [{ costMicros: 0, reusedFrom: { step: 'a', attempt: 1 } }],
  });
  const other = await bench.settled(await bench.start(document, { what: 'Why?' }));
  expect(asked).toHaveLength(3);
  expect(other.steps['b']?.attempts[0]).toMatchObject({ outcome: 'failed', error: { code: 'done_when' } });
  expect((await bench.store.doctor({})).filter((finding) => !finding.ok)).toEqual([]);
});
