/**
 * A life that wants the data folder for itself, with others that want it at the same moment: it says whether it has it,
 * then writes for as long as it lives, or ends with the sentence it was refused with.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { createApp } from '../../main/app.ts';
import type { ChildNews, ChildPlan } from '../crash/child.ts';

const plan = JSON.parse(process.env['CRASH_PLAN'] ?? '{}') as ChildPlan;
const tell = (news: ChildNews | 'loaded'): void => void process.send?.(news);
tell('loaded');
await once(process, 'message');
const app = await createApp({ dataDir: plan.dataDir, host: 'terminal' }).catch((error: unknown) => {
  tell({ refused: error instanceof Error ? error.message : String(error) });
  process.disconnect?.();
  process.exit(4);
});
await app.start();
for (let written = 1; ; written += 1) {
  await app.store.saveSetting(`owner-${process.pid}`, written);
  tell({ runId: 'owner', seq: written });
  await sleep(1);
}
