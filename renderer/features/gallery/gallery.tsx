/**
 * The Designer's start page: one's own workflows and the samples, and the ways to begin – open, new, import.
 * It never edits a workflow; opening one is navigation.
 */
import { Button, CloseButton, FileButton } from '@mantine/core';
import { FileUp, Plus, TriangleAlert, Workflow } from 'lucide-react';
import { useRef, useState } from 'react';
import type { DragEvent } from 'react';
import { useCommand, useQuery, useWatch } from '../../client.ts';
import { explainError } from '../../lib/notify.ts';
import { navigate } from '../../lib/route.ts';
import { CardsSkeleton, EmptyState, ErrorState, Page, PageHeader, RowsSkeleton, Section } from '../../ui/page.tsx';
import { readGraphFile } from './read-graph-file.ts';
import { SampleCard } from './sample-card.tsx';
import { WorkflowList } from './workflow-list.tsx';
import classes from './gallery.module.css';

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes('Files');
}

/** Creating in its three ways; each ends in the editor. `problem` is what an import said, with its place. */
function useBeginnings() {
  const create = useCommand('workflows.create', { quiet: true });
  const [problem, setProblem] = useState<string>();
  const [opening, setOpening] = useState<string>();

  const begin = async (input: { name?: string; sampleId?: string; document?: unknown }, source?: string) => {
    setProblem(undefined);
    setOpening(input.sampleId);
    const created = await create.run(input);
    setOpening(undefined);
    if (created.ok) {
      navigate({ screen: 'workflow', id: created.value.id });
      return;
    }
    const { message, advice } = explainError(created.error);
    setProblem(`${source === undefined ? '' : `${source} was not imported. `}${message} ${advice}`.trim());
  };

  const importFile = async (file: File | null | undefined) => {
    if (!file) return;
    const read = await readGraphFile(file);
    if (read.ok) await begin({ document: read.document }, file.name);
    else setProblem(read.message);
  };

  return { begin, importFile, problem, setProblem, opening, busy: create.busy };
}

export function Gallery() {
  const workflows = useWatch('workflows.list', {});
  const samples = useQuery('samples.list', {});
  const manifests = useQuery('steps.list', {});
  const { begin, importFile, problem, setProblem, opening, busy } = useBeginnings();
  const [dropping, setDropping] = useState(false);
  const depth = useRef(0);
  const resetFile = useRef<() => void>(null);

  const drag = {
    onDragEnter: (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth.current += 1;
      setDropping(true);
    },
    onDragLeave: (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth.current -= 1;
      if (depth.current === 0) setDropping(false);
    },
    onDragOver: (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth.current = 0;
      setDropping(false);
      void importFile(event.dataTransfer.files[0]);
    },
  };

  const own = (
    <Section title="Your workflows" key="own">
      {workflows.error ? (
        <ErrorState error={workflows.error} />
      ) : !workflows.value ? (
        <RowsSkeleton rows={3} />
      ) : workflows.value.length === 0 ? (
        <div className={classes.emptyFrame}>
          <EmptyState
            icon={Workflow}
            title="No workflows of your own yet"
            text="Open a sample to get a copy that you can change, or start with an empty canvas."
            action={
              <Button variant="default" onClick={() => void begin({ name: 'New workflow' })}>
                Start with an empty canvas
              </Button>
            }
          />
        </div>
      ) : (
        <WorkflowList workflows={workflows.value} />
      )}
    </Section>
  );
  const sampleSection = (
    <Section
      title="Samples"
      note="They run offline against the Sandbox systems that come with Holdfast: no account, no key."
      key="samples"
    >
      {samples.error ? (
        <ErrorState error={samples.error} />
      ) : !samples.value ? (
        <CardsSkeleton />
      ) : (
        <ul className={classes.cards}>
          {samples.value.map((sample) => (
            <SampleCard
              key={sample.id}
              sample={sample}
              manifests={manifests.value ?? []}
              opening={opening === sample.id}
              onOpen={() => void begin({ sampleId: sample.id })}
            />
          ))}
        </ul>
      )}
    </Section>
  );
  const isEmpty = workflows.value?.length === 0;

  return (
    <div className={classes.drop} data-dropping={dropping || undefined} {...drag}>
      <Page>
        <PageHeader
          title="Designer"
          subtitle="Draw a workflow, say what must survive and who decides, and run it."
          actions={
            <>
              <FileButton
                resetRef={resetFile}
                accept=".json,application/json"
                onChange={(file) => {
                  void importFile(file);
                  // The same file may be picked again after it was corrected.
                  resetFile.current?.();
                }}
              >
                {(props) => (
                  <Button {...props} variant="default" leftSection={<FileUp aria-hidden className={classes.icon} />}>
                    Import a file
                  </Button>
                )}
              </FileButton>
              <Button
                leftSection={<Plus aria-hidden className={classes.icon} />}
                loading={busy && opening === undefined}
                onClick={() => void begin({ name: 'New workflow' })}
              >
                New workflow
              </Button>
            </>
          }
        />
        {problem !== undefined && (
          <div className={classes.problem} role="alert">
            <TriangleAlert aria-hidden className={classes.problemIcon} strokeWidth={1.75} />
            <p>{problem}</p>
            <CloseButton aria-label="Dismiss" onClick={() => setProblem(undefined)} />
          </div>
        )}
        {isEmpty ? [sampleSection, own] : [own, sampleSection]}
      </Page>
      {dropping && (
        <div className={classes.dropNotice} aria-hidden>
          <FileUp className={classes.dropIcon} strokeWidth={1.5} />
          Drop the file to import it
        </div>
      )}
    </div>
  );
}
