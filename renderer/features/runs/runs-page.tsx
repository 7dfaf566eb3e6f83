/** Every run, newest first, live: find one by word or text and open it. Virtual, so that thousands scroll smoothly. */
import { Button, CloseButton, TextInput } from '@mantine/core';
import { Play, Search, SearchX, UserCheck } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import type { RunSummary } from '../../../shared/api/contract.ts';
import type { StateWord } from '../../../shared/run/state.ts';
import { useWatch } from '../../client.ts';
import { countOf } from '../../lib/format.ts';
import { hrefOf, navigate } from '../../lib/route.ts';
import { listNote, wordTitles } from '../../lib/words.ts';
import { EmptyState, ErrorState, PageHeader, RowsSkeleton } from '../../ui/page.tsx';
import { StatusBadge, StatusShape } from '../../ui/status-badge.tsx';
import { useVirtualRows } from '../../ui/use-virtual-rows.ts';
import { DurationText, MoneyText, TimeText } from '../../ui/values.tsx';
import { countWords, filterRuns } from './filter-runs.ts';
import classes from './runs.module.css';

const columns = ['Status', 'Workflow', 'Started', 'Took', 'Cost', 'Needs'] as const;

function RunRow({ run, index, top }: { run: RunSummary; index: number; top: number }) {
  return (
    <div role="row" aria-rowindex={index + 2} className={classes.row} style={{ transform: `translateY(${top}px)` }}>
      <span role="cell" className={classes.status}>
        <StatusBadge word={run.word} />
        <span className={classes.note}>{listNote(run.word, run.reason)}</span>
      </span>
      <span role="cell" className={classes.name}>
        <a className={classes.link} href={hrefOf({ screen: 'run', id: run.runId })}>
          {run.workflowName}
        </a>
      </span>
      <span role="cell" className={classes.number}>
        <TimeText at={run.startedAt} />
      </span>
      <span role="cell" className={classes.number}>
        <DurationText from={run.startedAt} to={run.endedAt} />
      </span>
      <span role="cell" className={classes.number}>
        <MoneyText micros={run.costMicros} />
      </span>
      <span role="cell">
        {run.openTasks > 0 && (
          <span className={classes.task}>
            <UserCheck aria-hidden className={classes.icon} strokeWidth={1.75} />
            {countOf(run.openTasks, 'decision')}
          </span>
        )}
      </span>
    </div>
  );
}

function RunTable({ runs }: { runs: RunSummary[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualRows(scroller, runs.length, (index) => runs[index]?.runId ?? index);
  return (
    <div role="table" aria-label="Runs" aria-rowcount={runs.length + 1} className={classes.table}>
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className={classes.head}>
          {columns.map((column) => (
            <span key={column} role="columnheader">
              {column}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={classes.scroller} style={{ flexBasis: virtual.getTotalSize() }} ref={scroller}>
        <div role="presentation" className={classes.body} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const run = runs[item.index];
            return run && <RunRow key={run.runId} run={run} index={item.index} top={item.start} />;
          })}
        </div>
      </div>
    </div>
  );
}

function WordFilter({
  runs,
  word,
  onWord,
}: {
  runs: RunSummary[];
  word: StateWord | undefined;
  onWord: (word: StateWord | undefined) => void;
}) {
  return (
    <div className={classes.words} role="group" aria-label="Filter by status">
      <button
        type="button"
        className={classes.word}
        aria-pressed={word === undefined}
        onClick={() => onWord(undefined)}
      >
        All <span className={classes.tally}>{runs.length}</span>
      </button>
      {countWords(runs).map((entry) => (
        <button
          key={entry.word}
          type="button"
          className={classes.word}
          aria-pressed={word === entry.word}
          onClick={() => onWord(word === entry.word ? undefined : entry.word)}
        >
          <StatusShape word={entry.word} />
          {wordTitles[entry.word]} <span className={classes.tally}>{entry.count}</span>
        </button>
      ))}
    </div>
  );
}

export function RunsPage() {
  const runs = useWatch('runs.list', { limit: 1000 });
  const [word, setWord] = useState<StateWord>();
  const [text, setText] = useState('');
  const shown = useMemo(() => filterRuns(runs.value ?? [], { word, text }), [runs.value, word, text]);
  const clear = () => {
    setWord(undefined);
    setText('');
  };

  const body = runs.error ? (
    <ErrorState error={runs.error} />
  ) : !runs.value ? (
    <RowsSkeleton />
  ) : runs.value.length === 0 ? (
    <EmptyState
      icon={Play}
      title="Nothing has run yet"
      text="Open a workflow and press Run. It then shows up here, also while the window is closed."
      action={<Button onClick={() => navigate({ screen: 'designer' })}>Open the Designer</Button>}
    />
  ) : shown.length === 0 ? (
    <EmptyState
      icon={SearchX}
      title="No run fits"
      text="No run has this status and this text."
      action={
        <Button variant="default" onClick={clear}>
          Show all runs
        </Button>
      }
    />
  ) : (
    <RunTable runs={shown} />
  );

  return (
    <div className={classes.page}>
      <PageHeader title="Runs" subtitle="What is going on, what waits and what has ended." />
      {runs.value !== undefined && runs.value.length > 0 && (
        <div className={classes.filters}>
          <WordFilter runs={runs.value} word={word} onWord={setWord} />
          <TextInput
            className={classes.search}
            aria-label="Find runs"
            placeholder="Find by workflow or reason"
            leftSection={<Search aria-hidden className={classes.icon} strokeWidth={1.75} />}
            rightSection={
              text === '' ? undefined : <CloseButton size="sm" aria-label="Clear" onClick={() => setText('')} />
            }
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
      )}
      {body}
    </div>
  );
}
