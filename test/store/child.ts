/**
 * A process of its own for the store's tests: `append` writes events until it is killed and prints a line per
 * acknowledged append; `open` gives up root's rights, opens the folder and prints how that ended.
 */
import { writeSync } from 'node:fs';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import { loadMigrations } from '../../main/store/migrate.ts';
import { StoreError } from '../../main/store/port.ts';
import { openStore } from '../../main/store/store.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import type { RunEvent } from '../../shared/run/events.ts';
import { libsql } from '../harness/libsql.ts';
import { appendOf, eventsOf, started } from './history.ts';

const NOBODY = 65_534;
const [mode, dataDir = '', driverName, runId = ''] = process.argv.slice(2);
const driver = driverName === 'libsql' ? libsql : betterSqlite3;
const options = { dataDir, driver, clock: () => Date.now(), fold: foldRun, migrations: loadMigrations() };

const say = (line: string): number => writeSync(1, `${line}\n`);

if (mode === 'open') {
  // The native module is loaded while this process may still read the checkout.
  driver.open(':memory:').close();
  if (process.getuid?.() === 0) {
    process.setgid?.(NOBODY);
    process.setuid?.(NOBODY);
  }
  try {
    const store = await openStore(options);
    await store.close();
    say(JSON.stringify({ opened: true }));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    say(JSON.stringify({ reason: error.reason, message: error.message }));
  }
} else {
  const store = await openStore(options);
  let events: RunEvent[] = eventsOf(runId, [started()]);
  let stored = 0;
  for (;;) {
    await store.append([appendOf(events, stored, [`${runId}-command-${events.length}`])]);
    say(`${runId} ${events.length}`);
    stored = events.length;
    const step = `s${stored}`;
    events = [
      ...events,
      ...eventsOf(
        runId,
        [
          { type: 'attempt_started', step, attempt: 1, config: {} },
          {
            type: 'attempt_succeeded',
            step,
            attempt: 1,
            output: 'x'.repeat(stored % 5 === 0 ? 70_000 : 10),
            ports: ['out'],
          },
          { type: 'step_confirmed', step, ports: ['out'] },
        ],
        stored,
      ),
    ];
  }
}
