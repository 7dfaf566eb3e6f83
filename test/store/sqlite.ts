/** Everything only a database file can do, for any driver of SQLite. */
import type { SqlDriver } from '../../main/store/port.ts';
import { describeCrashes } from './crashes.ts';
import { describeRefusals } from './refusals.ts';
import { describeSettings } from './settings.ts';
import { describeUpkeep } from './upkeep.ts';

export function describeSqlite(name: string, driver: SqlDriver): void {
  describeSettings(name, driver);
  describeRefusals(name, driver);
  describeUpkeep(name, driver);
  describeCrashes(name, driver);
}
