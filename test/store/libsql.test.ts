/** The driver of old shells passes the same suites as the product's own. */
import { libsql } from '../harness/libsql.ts';
import { openIn } from './folder.ts';
import { describeSqlite } from './sqlite.ts';
import { describeStore } from './suite.ts';

describeStore('libsql', (dataDir) => openIn(dataDir, libsql));
describeSqlite('libsql', libsql);
