/**
 * Records histories of this version: `node test/replay/record.ts`. Run it once for every released version and commit what
 * it wrote; a recorded history is never written again. Each is a journal with the state it folded to.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp, type App } from '../../main/app.ts';
import type { TaskAnswer } from '../../shared/run/events.ts';
import { canonicalText } from '../../shared/workflow/canonical.ts';
import { parseDocument } from '../../shared/workflow/parse.ts';
import { tempFolder } from '../harness/processes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const target = join(root, 'test/replay/histories', version);
const folder = tempFolder();

interface Story {
  name: string;
  sample: string;
  input: unknown;
  answers: { answer: TaskAnswer; value?: unknown; reason?: string }[];
  ending?: 'cancel' | 'rollback';
}

const order = { orderId: 'ord_1042', reason: 'The customer asks for money back.' };
const half = { decision: 'refund', amount: 2450, confidence: 1, reason: 'Half of it.' };
const stories: Story[] = [
  { name: 'refund-approved', sample: 'refund', input: order, answers: [{ answer: 'approve' }] },
  { name: 'refund-edited', sample: 'refund', input: order, answers: [{ answer: 'edit', value: half }] },
  { name: 'refund-rejected', sample: 'refund', input: order, answers: [{ answer: 'reject', reason: 'Too late' }] },
  {
    name: 'refund-sent-back',
    sample: 'refund',
    input: order,
    answers: [{ answer: 'send_back', reason: 'Look again' }, { answer: 'approve' }],
  },
  { name: 'refund-clear', sample: 'refund', input: { ...order, orderId: 'ord_1043' }, answers: [] },
  { name: 'refund-declined', sample: 'refund', input: { ...order, orderId: 'ord_1044' }, answers: [] },
  { name: 'refund-cancelled', sample: 'refund', input: order, answers: [], ending: 'cancel' },
  {
    name: 'refund-rolled-back',
    sample: 'refund',
    input: order,
    answers: [{ answer: 'approve' }],
    ending: 'rollback',
  },
  {
    name: 'unknown-order',
    sample: 'refund',
    input: { ...order, orderId: 'nothing' },
    answers: [{ answer: 'give_up' }],
  },
  { name: 'follow-up', sample: 'follow-up', input: { orderId: 'ord_1042' }, answers: [] },
  { name: 'invoice-triage', sample: 'invoice-triage', input: { invoiceId: 'inv_7002' }, answers: [] },
];

async function tell(app: App, story: Story): Promise<void> {
  const parsed = parseDocument(readFileSync(join(root, `resources/samples/${story.sample}.holdfast.json`), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const { document } = parsed;
  const digest = createHash('sha256').update(canonicalText(document)).digest('hex');
  const by = 'person:ada';
  const start = { document, version: digest, input: story.input, env: {}, by, commandId: `record-${story.name}` };
  const { runId } = await app.engine.startRun(start);
  await app.engine.settled(runId, 60_000);
  for (const [index, said] of story.answers.entries()) {
    const view = await app.engine.read(runId);
    const task = Object.values(view?.state.tasks ?? {}).find((one) => !one.decision);
    if (!task) throw new Error(`${story.name}: nobody is asked`);
    await app.engine.decideTask({ commandId: `${story.name}-${index}`, runId, taskId: task.taskId, by, ...said });
    await app.engine.settled(runId, 60_000);
  }
  const command = { commandId: `${story.name}-end`, runId, by, reason: 'Recorded' };
  if (story.ending === 'cancel') await app.engine.cancelRun(command);
  if (story.ending === 'rollback') await app.engine.rollbackRun(command);
  const state = await app.engine.settled(runId, 60_000);
  const view = await app.engine.read(runId);
  writeFileSync(join(target, `${story.name}.json`), `${JSON.stringify({ state, events: view?.events }, null, 1)}\n`);
  process.stdout.write(`${story.name}: ${state.word}${state.reason ? ` (${state.reason})` : ''}\n`);
}

if (existsSync(target)) throw new Error(`The histories of ${version} are recorded; they are never written again`);
mkdirSync(target, { recursive: true });
const app = await createApp({ dataDir: join(folder.path, 'data'), host: 'terminal' });
await app.start();
for (const story of stories) await tell(app, story);
await app.stop();
folder.remove();
