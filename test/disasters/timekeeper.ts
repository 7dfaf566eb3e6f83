/**
 * A life that waits a lot: timers, retries and reviews that nobody answers, in a process whose clock jumps and that is put
 * to sleep. It starts its runs, waits until each has ended or can only wait for a person, and ends.
 */
import { createHash } from 'node:crypto';
import { createApp } from '../../main/app.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import type { ChildPlan } from '../crash/child.ts';

const parkAfterMs = 3 * 3_600_000;
const plan = JSON.parse(process.env['CRASH_PLAN'] ?? '{}') as ChildPlan;
const tell = (news: object | string): void => void process.send?.(news);
tell('loaded');
const app = await createApp({ dataDir: plan.dataDir, host: 'terminal' });
app.engine.onEvents((runId, events) => {
  const last = events.findLast((event) => !event.lazy);
  if (last) tell({ runId, seq: last.seq });
});
const consent = { commandId: 'consent', host: '127.0.0.1', port: 9, by: 'person:tester' };
await app.handlers['hosts.allow'](consent, new AbortController().signal);
await app.start();
const document = patience();
const version = createHash('sha256').update(canonicalText(document)).digest('hex');
const starts = plan.runs.map((_, index) =>
  app.engine.startRun({ document, version, input: {}, env: {}, by: 'person:tester', commandId: `wait-${index}` }),
);
for (const { runId } of await Promise.all(starts)) await app.engine.settled(runId, parkAfterMs);
await app.stop();
process.disconnect?.();

function patience(): WorkflowDocument {
  const wait = (durationMs: number) => ({ kind: 'wait', kindVersion: 1, config: { durationMs } });
  const retriers = [{ errors: ['*'], intervalMs: 80, backoffRate: 1, maxRetries: 3, jitter: 'none' as const }];
  return {
    formatVersion: 1,
    id: 'wf_patience',
    name: 'Patience',
    owner: 'role:tester',
    steps: {
      first: wait(150),
      second: wait(120),
      other: wait(200),
      // Nobody listens there: it is tried again and again.
      knock: {
        kind: 'http',
        kindVersion: 1,
        config: { method: 'GET', url: 'http://127.0.0.1:9/' },
        retry: { retriers },
        escalation: [{ on: 'retries_exhausted', owner: 'role:ops' }],
      },
      asked: {
        kind: 'transform',
        kindVersion: 1,
        config: { value: { done: true } },
        gates: {
          after: {
            when: 'always',
            owner: 'role:clerk',
            dueMs: 100,
            ladder: [
              { owner: 'role:lead', dueMs: 100 },
              { owner: 'role:head', dueMs: 100 },
            ],
          },
        },
      },
    },
    // The failure that stops the run comes when the timers have had their turn.
    edges: [
      ['first', 'second'],
      ['second', 'knock'],
      ['other', 'knock'],
    ].map(([from = '', to = ''], index) => ({ id: `e${index}`, from: { step: from, port: 'out' }, to: { step: to } })),
    settings: { onFailure: 'pause' },
  };
}
