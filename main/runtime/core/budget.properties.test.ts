/**
 * Whatever runs at the same time: what is settled and reserved together never goes above a limit when something is
 * reserved, and above it only by what calls cost more than they were said to.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coreDriver, failure, ok, seeded, type Core } from '../../../test/harness/core.ts';
import { graphOf, step } from '../../../test/harness/graph.ts';
import { periodsOf } from '../../../shared/run/spend.ts';
import { createSpending } from './spending.ts';

const size = process.env['HOLDFAST_TEST_SIZE'] ?? 'small';
const numRuns = size === 'soak' ? 20_000 : size === 'push' ? 2_000 : 300;

test('many runs of one workflow never reserve more than its day, its month, their own and their steps’ budgets', () => {
  fc.assert(
    fc.property(
      fc.record({
        runs: fc.integer({ min: 1, max: 8 }),
        perDayMicros: fc.integer({ min: 1, max: 60 }),
        perMonthMicros: fc.integer({ min: 1, max: 90 }),
        ofRun: fc.integer({ min: 1, max: 30 }),
        ofStep: fc.integer({ min: 1, max: 20 }),
        seed: fc.nat(2 ** 31),
      }),
      ({ runs, perDayMicros, perMonthMicros, ofRun, ofStep, seed }) => {
        const draw = seeded(seed);
        const retry = { retriers: [{ errors: ['*'], intervalMs: 10, maxRetries: 2 }] };
        const one = step({ retry, budget: { costMicros: ofStep } });
        const graph = graphOf(
          { a: one, b: one, c: one, d: one },
          [
            ['a', 'c'],
            ['b', 'd'],
          ],
          { settings: { budget: { perDayMicros, perMonthMicros, costMicros: ofRun } } },
        );
        const spending = createSpending();
        const cores: Core[] = Array.from({ length: runs }, (_, index) =>
          coreDriver(graph, {
            runId: `run_${index}`,
            seed: seed + index,
            spending,
            prepare: () => ({ config: {}, estimate: { costMicros: Math.floor(draw() * 12), tokens: 1 } }),
            afterTurn: (added, state) => {
              for (const event of added) {
                if (event.type !== 'attempt_started' || !event.reserved) continue;
                const { day, month } = periodsOf(event.at);
                const whole = (period: string): number => {
                  const total = spending.others(graph.document.id, period, undefined);
                  return total.spentMicros + total.reservedMicros;
                };
                expect(whole(day)).toBeLessThanOrEqual(perDayMicros + overshoot);
                expect(whole(month)).toBeLessThanOrEqual(perMonthMicros + overshoot);
                expect(state.costMicros + (state.reserved?.costMicros ?? 0)).toBeLessThanOrEqual(ofRun + overshoot);
              }
            },
          }),
        );
        /** What calls have cost more than they were said to. */
        let overshoot = 0;
        for (const core of cores) core.start();
        for (let round = 0; round < 80; round += 1) {
          const core = cores[Math.floor(draw() * cores.length)];
          if (!core || core.state().end) continue;
          const [running] = core.running();
          const fate = draw();
          if (fate < 0.1) core.crash();
          else if (running === undefined) core.advance(fate < 0.3 ? 40_000_000 : 10);
          else {
            const reserved = core.step(running).attempts.at(-1)?.reserved?.costMicros ?? 0;
            const costMicros = Math.floor(draw() * 12);
            overshoot += Math.max(0, costMicros - reserved);
            if (fate < 0.25) core.finish(running, failure('timeout'));
            else if (fate < 0.4) {
              const { outcome } = failure('unavailable');
              core.finish(running, { outcome: { ...outcome, costMicros } });
            } else core.finish(running, ok(1, { costMicros }));
          }
        }
        for (const period of new Set(cores.flatMap((core) => Object.keys(core.state().spend ?? {})))) {
          const sum = cores.reduce((total, core) => total + (core.state().spend?.[period]?.reservedMicros ?? 0), 0);
          expect(spending.others(graph.document.id, period, undefined).reservedMicros).toBe(sum);
        }
      },
    ),
    { numRuns },
  );
});
