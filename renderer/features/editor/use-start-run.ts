/** The Run button: refuses with the list of problems, asks for input where it must, saves, starts, shows the run. */
import { useState } from 'react';
import { useCommand } from '../../client.ts';
import { notifyError } from '../../lib/notify.ts';
import { useSettings } from '../../lib/settings.ts';
import { mustAsk } from './run/input-model.ts';
import { useEditorStore } from './store.ts';
import type { Saver } from './use-autosave.ts';
import { problemsOf } from './use-problems.ts';

export interface StartRun {
  press: () => Promise<void>;
  /** The input dialog is open. */
  asking: boolean;
  starting: boolean;
  start: (input?: Record<string, unknown>) => Promise<void>;
  cancel: () => void;
}

export function useStartRun(saver: Saver): StartRun {
  const store = useEditorStore();
  const command = useCommand('runs.start');
  const by = useSettings((state) => state.settings.actingAs);
  const [asking, setAsking] = useState(false);
  const [saving, setSaving] = useState(false);

  const start = async (input?: Record<string, unknown>) => {
    setAsking(false);
    setSaving(true);
    const saved = await saver.flush();
    setSaving(false);
    if (saved !== 'saved') {
      notifyError('The run did not start, because the workflow could not be saved.');
      return;
    }
    const started = await command.run({
      workflowId: store.getState().workflowId,
      by,
      ...(input === undefined ? {} : { input }),
    });
    if (started.ok)
      store.setState({
        runId: started.value.runId,
        selection: { steps: [], edges: [] },
        problemsOpen: false,
        quickAdd: undefined,
      });
  };

  const press = async () => {
    const { history, byKind } = store.getState();
    const problems = problemsOf(history.document, byKind);
    store.setState({ problems });
    if (problems.some((problem) => problem.severity === 'error')) {
      store.setState({
        problemsOpen: true,
        problemsReason: 'The run did not start: first the problems in red have to be solved.',
      });
      return;
    }
    if (mustAsk(history.document.inputs)) setAsking(true);
    else await start();
  };

  return { press, asking, starting: saving || command.busy, start, cancel: () => setAsking(false) };
}
