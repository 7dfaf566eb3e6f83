/**
 * One run: what it is doing, the graph lit up, every step with its attempts, every event, the data and the ledger.
 * Live, and a fold of events like everything else; the only thing it can change is to ask for a cancel.
 */
import { Button, Tabs } from '@mantine/core';
import { Play } from 'lucide-react';
import { useMemo, useState } from 'react';
import { stepLabel } from '../../../shared/workflow/describe.ts';
import { useQuery } from '../../client.ts';
import { navigate } from '../../lib/route.ts';
import { useRun } from '../../lib/use-run.ts';
import type { LiveRun } from '../../lib/use-run.ts';
import { listNote } from '../../lib/words.ts';
import { RunCanvas } from '../../ui/canvas/run-canvas.tsx';
import { EmptyState, ErrorState, Page, PageHeader, PageSkeleton } from '../../ui/page.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { CancelRun } from './cancel-run.tsx';
import { DataTab } from './data-tab.tsx';
import { EventsTab } from './events-tab.tsx';
import { LedgerTab } from './ledger-tab.tsx';
import { canRollBack, RollBack } from './roll-back.tsx';
import { RunFacts } from './run-facts.tsx';
import { RunRecord } from './run-record.tsx';
import { ErrorBox, StepPanel } from './step-panel.tsx';
import { StepsTab } from './steps-tab.tsx';
import { stepRows } from './step-rows.ts';
import { TaskBanner } from './task-banner.tsx';
import classes from './inspector.module.css';

function Tally({ count }: { count: number }) {
  return count === 0 ? null : <span className={classes.tally}>{count}</span>;
}

function Inspector({ run }: { run: LiveRun }) {
  const { state, document, events } = run;
  const manifests = useQuery('steps.list', {});
  const [selected, setSelected] = useState<string>();
  const rows = useMemo(() => stepRows(document, state), [document, state]);
  const labelOf = useMemo(() => (key: string) => stepLabel(document, key), [document]);
  const openTasks = Object.values(state.tasks).filter((task) => !task.decision && task.closedAt === undefined);
  const effects = Object.values(state.effects);
  const kinds = manifests.value ?? [];

  return (
    <div className={classes.page}>
      <PageHeader
        title={state.workflowName}
        back={{ to: { screen: 'runs' }, label: 'Runs' }}
        mark={
          <>
            <StatusBadge word={state.word} size="large" />
            <span className={classes.reason}>{listNote(state.word, state.reason)}</span>
          </>
        }
        actions={
          <>
            <Button variant="default" onClick={() => navigate({ screen: 'workflow', id: state.workflowId })}>
              Open the workflow
            </Button>
            {canRollBack(state) && <RollBack run={state} labelOf={labelOf} />}
            {state.end === undefined && !state.rollback && <CancelRun run={state} />}
          </>
        }
      />
      <RunFacts run={state} />
      {openTasks.map((task) => (
        <TaskBanner key={task.taskId} task={task} label={labelOf(task.step)} />
      ))}
      {state.end === 'failed' &&
        rows
          .filter((row) => row.state?.status === 'failed' && row.state.error)
          .map((row) => row.state?.error && <ErrorBox key={row.key} error={row.state.error} step={row.label} />)}
      <div className={classes.stage}>
        <div className={classes.graph}>
          <RunCanvas document={document} state={state} manifests={kinds} selected={selected} onSelect={setSelected} />
        </div>
        <aside className={classes.panel} aria-label={selected === undefined ? 'How the run went' : 'Selected step'}>
          {selected === undefined ? (
            <RunRecord run={state} />
          ) : (
            <StepPanel
              key={selected}
              rows={rows.filter((row) => row.stepId === selected)}
              document={document}
              manifests={kinds}
              onClose={() => setSelected(undefined)}
            />
          )}
        </aside>
      </div>
      <Tabs defaultValue="steps" className={classes.tabs}>
        <Tabs.List>
          <Tabs.Tab value="steps">Steps</Tabs.Tab>
          <Tabs.Tab value="events" rightSection={<Tally count={events.length} />}>
            Events
          </Tabs.Tab>
          <Tabs.Tab value="data">Data</Tabs.Tab>
          <Tabs.Tab value="ledger" rightSection={<Tally count={effects.length} />}>
            Ledger
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="steps">
          <StepsTab rows={rows} manifests={kinds} selected={selected} onSelect={setSelected} />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          <EventsTab events={events} savedSeq={state.savedSeq} labelOf={labelOf} />
        </Tabs.Panel>
        <Tabs.Panel value="data">
          <DataTab run={state} rows={rows} />
        </Tabs.Panel>
        <Tabs.Panel value="ledger">
          <LedgerTab effects={effects} labelOf={labelOf} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}

export function RunPage({ runId }: { runId: string }) {
  const { run, error } = useRun(runId);
  if (run) return <Inspector run={run} />;
  if (!error) return <PageSkeleton />;
  const back = <Button onClick={() => navigate({ screen: 'runs' })}>Show all runs</Button>;
  return (
    <Page>
      <PageHeader title="Run" back={{ to: { screen: 'runs' }, label: 'Runs' }} />
      {error.code === 'not_found' ? (
        <EmptyState
          icon={Play}
          title="There is no such run"
          text="The address may be from another workspace, or the run was removed."
          action={back}
        />
      ) : (
        <ErrorState error={error} action={back} />
      )}
    </Page>
  );
}
