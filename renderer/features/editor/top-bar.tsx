/** Name, save state, undo and redo, problems, export and Run: what holds for the whole workflow. */
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import {
  ArrowLeft,
  Check,
  CircleAlert,
  CloudOff,
  Download,
  LoaderCircle,
  Play,
  Redo2,
  TriangleAlert,
  Undo2,
} from 'lucide-react';
import { useState } from 'react';
import { hrefOf } from '../../lib/route.ts';
import type { SaveState } from './autosave.ts';
import { problemsTitle } from './problems-panel.tsx';
import { useDocument, useEditor, useEditorStore } from './store.ts';
import classes from './top-bar.module.css';

const saveWords: Record<SaveState, string> = {
  saved: 'Saved',
  waiting: 'Saving…',
  saving: 'Saving…',
  failed: 'Not saved',
  conflict: 'Not saved',
};

function SaveNote() {
  const save = useEditor((state) => state.save);
  const error = useEditor((state) => state.saveError);
  const Icon = save === 'saved' ? Check : save === 'failed' || save === 'conflict' ? CloudOff : LoaderCircle;
  return (
    <span
      className={classes.save}
      data-state={save}
      role="status"
      title={save === 'failed' ? error?.message : undefined}
    >
      <Icon aria-hidden className={classes.icon} strokeWidth={1.75} />
      {saveWords[save]}
    </span>
  );
}

/** An empty name is kept only while one types: a workflow has a name. */
function NameField() {
  const store = useEditorStore();
  const name = useDocument().name;
  const [typed, setTyped] = useState<string>();
  const shown = typed !== undefined && (typed.trim() === '' || typed.trim() === name) ? typed : name;
  return (
    <input
      className={classes.name}
      aria-label="Name of the workflow"
      spellCheck={false}
      value={shown}
      size={Math.min(48, Math.max(8, shown.length))}
      onChange={(event) => {
        const text = event.currentTarget.value;
        setTyped(text);
        if (text.trim() !== '')
          store.getState().edit({ type: 'setWorkflow', changes: [{ pointer: '/name', value: text.trim() }] });
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur();
      }}
      onBlur={() => {
        setTyped(undefined);
        store.getState().seal();
      }}
    />
  );
}

function UndoButtons() {
  const store = useEditorStore();
  const last = useEditor((state) => state.history.past.at(-1)?.name);
  const next = useEditor((state) => state.history.future[0]?.name);
  return (
    <div className={classes.pair}>
      <Tooltip label={last === undefined ? 'Nothing to undo' : `Undo: ${last}`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          className={classes.round ?? ''}
          aria-label={last === undefined ? 'Undo' : `Undo: ${last}`}
          disabled={last === undefined}
          onClick={() => store.getState().undo()}
        >
          <Undo2 aria-hidden className={classes.icon} strokeWidth={1.75} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={next === undefined ? 'Nothing to redo' : `Redo: ${next}`}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          className={classes.round ?? ''}
          aria-label={next === undefined ? 'Redo' : `Redo: ${next}`}
          disabled={next === undefined}
          onClick={() => store.getState().redo()}
        >
          <Redo2 aria-hidden className={classes.icon} strokeWidth={1.75} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}

function ProblemsButton() {
  const store = useEditorStore();
  const problems = useEditor((state) => state.problems);
  const open = useEditor((state) => state.problemsOpen);
  const worst = problems.some((problem) => problem.severity === 'error')
    ? 'error'
    : problems.length > 0
      ? 'warning'
      : 'none';
  const Icon = worst === 'none' ? Check : worst === 'error' ? CircleAlert : TriangleAlert;
  return (
    <Button
      variant="subtle"
      color="gray"
      aria-expanded={open}
      className={classes.problems ?? ''}
      data-worst={worst}
      leftSection={<Icon aria-hidden className={classes.icon} strokeWidth={1.75} />}
      onClick={() => store.setState({ problemsOpen: !open, problemsReason: undefined })}
    >
      {problemsTitle(problems)}
    </Button>
  );
}

export function TopBar({
  isEditing,
  starting,
  onRun,
  onExport,
}: {
  isEditing: boolean;
  starting: boolean;
  onRun: () => void;
  onExport: () => void;
}) {
  return (
    <header className={classes.bar}>
      <a
        className={classes.back}
        href={hrefOf({ screen: 'designer' })}
        aria-label="Back to the Designer"
        title="Back to the Designer"
      >
        <ArrowLeft aria-hidden className={classes.icon} strokeWidth={1.75} />
      </a>
      <h1 className={classes.title}>
        <NameField />
      </h1>
      <SaveNote />
      <span className={classes.gap} />
      {isEditing && (
        <>
          <UndoButtons />
          <ProblemsButton />
          <Button
            variant="default"
            leftSection={<Download aria-hidden className={classes.icon} strokeWidth={1.75} />}
            onClick={onExport}
          >
            Export
          </Button>
        </>
      )}
      <Button
        loading={starting}
        leftSection={<Play aria-hidden className={classes.icon} strokeWidth={2} />}
        onClick={onRun}
      >
        {isEditing ? 'Run' : 'Run again'}
      </Button>
    </header>
  );
}
