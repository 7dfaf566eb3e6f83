/**
 * The examination: is the file sound, do the safety settings hold, is the journal without gaps, and does every
 * projected row equal what the journal folds to. It changes nothing unless asked to rebuild, and then only what can be
 * derived: the journal and the ledger's rows are never removed.
 */
import type { Blobs } from './blobs.ts';
import { integrityProblems } from './copy.ts';
import type { Journal } from './journal.ts';
import type { DoctorFinding, SqlDatabase } from './port.ts';
import { wrongPragmas } from './pragmas.ts';
import { effectRows, runRow, spendRows, taskRows } from './projections.ts';
import { refold } from './refold.ts';
import type { Fold } from './refold.ts';
import { allRows } from './sql.ts';
import type { Transaction } from './sql.ts';
import type { Tables } from './tables.ts';

export interface Patient {
  db: SqlDatabase;
  journal: Journal;
  blobs: Blobs;
  tables: Tables;
  transaction: Transaction;
  fold: Fold;
}

/** A damaged database may have thousands of problems; the first ones tell what kind it is. */
const SHOWN = 10;

export function examine(patient: Patient, rebuild: boolean): DoctorFinding[] {
  const { db } = patient;
  const broken = allRows<{ table: string; parent: string }>(db.prepare('PRAGMA foreign_key_check'));
  const journal = journalProblems(patient);
  const findings = [
    finding('integrity', integrityProblems(db), 'The file is sound.'),
    finding(
      'foreign_keys',
      broken.map((row) => `a row of ${row.table} misses its ${row.parent}`),
      'All references hold.',
    ),
    finding('pragmas', wrongPragmas(db), 'The settings that make commits durable hold.'),
    finding('journal', journal, 'Every run is recorded without a gap.'),
  ];
  const rebuilt = rebuild && journal.length === 0;
  // In one transaction: either everything is refolded, or everything stays as it was.
  if (rebuilt) patient.transaction(() => refold(patient.journal, patient.tables, patient.fold));
  const wrong = differences(patient);
  if (rebuild && !rebuilt) wrong.unshift('nothing was rebuilt, because the journal itself is damaged');
  findings.push(finding('projections', wrong, `Every list equals the journal${rebuilt ? ', rebuilt from it' : ''}.`));
  return findings;
}

function finding(check: DoctorFinding['check'], problems: string[], fine: string): DoctorFinding {
  if (problems.length === 0) return { check, ok: true, message: fine };
  const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : '';
  return { check, ok: false, message: `${problems.slice(0, SHOWN).join('; ')}${more}.` };
}

function journalProblems({ journal, blobs }: Patient): string[] {
  return [...journal.gaps(), ...blobs.damaged().map((hash) => `payload ${hash} is not what its name says`)];
}

function differences({ db, journal, tables, fold }: Patient): string[] {
  const problems: string[] = [];
  const known = new Set(journal.runIds());
  for (const runId of known) {
    const events = journal.events(runId, 0);
    const state = fold(events);
    const last = events[events.length - 1];
    if (!state || !last) {
      problems.push(`run ${runId} does not fold`);
      continue;
    }
    const stored = tables.rowsOf(runId);
    const expected = {
      run: runRow(state, last.at),
      tasks: taskRows(state).sort((a, b) => byText(a.taskId, b.taskId)),
      effects: effectRows(state).sort((a, b) => byText(a.key, b.key)),
      spend: spendRows(state, []).sort((a, b) => byText(a.period, b.period)),
    };
    if (!isSame(stored.run, expected.run)) problems.push(`the row of run ${runId} differs from its journal`);
    if (!isSame(stored.tasks, expected.tasks)) problems.push(`the tasks of run ${runId} differ from its journal`);
    if (!isSame(stored.spend, expected.spend)) problems.push(`what run ${runId} spent differs from its journal`);
    if (!isSame(stored.effects, expected.effects)) problems.push(`the ledger of run ${runId} differs from its journal`);
  }
  for (const { runId } of allRows<{ runId: string }>(db.prepare('SELECT run_id AS runId FROM run'))) {
    if (!known.has(runId)) problems.push(`run ${runId} is listed but has no journal`);
  }
  return problems;
}

/** By code unit of UTF-8, as SQLite orders text. */
function byText(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** Rows are flat and their payloads are texts, so comparing field by field is exact whatever order a driver uses. */
function isSame(stored: unknown, expected: unknown): boolean {
  return sorted(stored) === sorted(expected);
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => byText(a, b)))
      : inner,
  );
}
