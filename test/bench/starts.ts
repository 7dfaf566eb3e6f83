/** How long the built command line takes to be of use: after nothing, and after a SIGKILL in the middle of 50 runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import { openStore } from '../../main/store/store.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import { exportDocument } from '../../shared/workflow/canonical.ts';
import { buildIfStale } from '../../.config/build.mjs';
import { chain } from './graphs.ts';
import { killedWhileExecuting } from './hosts.ts';
import { bareNodeMs, interleaved, wallMs, type Figure } from './measure.ts';

const cli = fileURLToPath(new URL('../../out/main/cli.cjs', import.meta.url));
const runs = 50;
const length = 100;

/** From the spawn to the end of the first step that went on; its end is in the journal with its time. */
async function firstResumedMs(dataDir: string): Promise<number> {
  await killedWhileExecuting(dataDir, { runs, length }, (runs * length) / 2);
  const spawnedAt = Date.now();
  wallMs([cli, 'resume', '--json', '--data', dataDir]);
  const store = await openStore({ dataDir, driver: betterSqlite3, clock: Date.now, fold: foldRun });
  let first = Number.POSITIVE_INFINITY;
  for (const { runId } of await store.runs({})) {
    for (const event of await store.events(runId)) {
      if (event.type === 'attempt_succeeded' && event.at >= spawnedAt) first = Math.min(first, event.at);
    }
  }
  await store.close();
  return first - spawnedAt;
}

export async function starts(folder: string): Promise<Figure[]> {
  await buildIfStale({ parts: ['main'] });
  const graphFile = join(folder, 'one.holdfast.json');
  writeFileSync(graphFile, exportDocument(chain(1)));
  const firstRun = (): number => wallMs([cli, 'run', graphFile, '--json', '--data', join(folder, 'cli')]);
  // The first start makes the folder and what the engine keeps compiled.
  firstRun();
  const units: [string, string] = ['ms', 'ms'];
  return [
    await interleaved({
      name: 'spawn → first durable run done ÷ bare node -e 0',
      aim: '≤ 2',
      measure: firstRun,
      yardstick: bareNodeMs,
      units,
    }),
    await interleaved({
      name: 'the same in a new folder ÷ bare node -e 0',
      aim: '',
      measure: (round) => wallMs([cli, 'run', graphFile, '--json', '--data', join(folder, `cli-${round}`)]),
      yardstick: bareNodeMs,
      units,
    }),
    await interleaved({
      name: 'SIGKILL amid 50 runs, restart → first resumed step done ÷ bare node -e 0',
      aim: '≤ 3',
      measure: (round) => firstResumedMs(join(folder, `killed-${round}`)),
      yardstick: bareNodeMs,
      units,
    }),
  ];
}
