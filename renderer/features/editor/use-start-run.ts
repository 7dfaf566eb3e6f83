/**
 * The Run button: refuses with the list of problems, asks for input where it must, saves, asks once for what the
 * workflow touches outside the Sandbox, starts, shows the run.
 */
import { useState } from 'react';
import { ApiError } from '../../../shared/api/contract.ts';
import type { OutputOf } from '../../../shared/api/contract.ts';
import { useClient, useCommand } from '../../client.ts';
import { notifyError } from '../../lib/notify.ts';
import { useSettings } from '../../lib/settings.ts';
import { mustAsk } from './run/input-model.ts';
import { useEditorStore } from './store.ts';
import type { Saver } from './use-autosave.ts';
import { problemsOf } from './use-problems.ts';

type Input = Record<string, unknown>;
export type Consent = OutputOf<'workflows.touches'>;

export interface StartRun {
  press: () => Promise<void>;
  /** The input dialog is open. */
  asking: boolean;
  /** What has to be allowed before it starts; undefined when nothing is asked. */
  consent: Consent | undefined;
  starting: boolean;
  start: (input?: Input) => Promise<void>;
  /** Allows what was shown, and starts. */
  allow: () => Promise<void>;
  cancel: () => void;
}

export function useStartRun(saver: Saver): StartRun {
  const store = useEditorStore();
  const client = useClient();
  const command = useCommand('runs.start');
  const allowing = useCommand('workflows.allow');
  const by = useSettings((state) => state.settings.actingAs);
  const [asking, setAsking] = useState(false);
  const [saving, setSaving] = useState(false);
  const [held, setHeld] = useState<{ consent: Consent; input: Input | undefined }>();

  const begin = async (input: Input | undefined) => {
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

  const start = async (input?: Input) => {
    setAsking(false);
    setSaving(true);
    const saved = await saver.flush();
    const consent = saved === 'saved' ? await touched() : undefined;
    setSaving(false);
    if (saved !== 'saved') notifyError('The run did not start, because the workflow could not be saved.');
    else if (consent?.allowed === false) setHeld({ consent, input });
    else if (consent) await begin(input);
  };

  const touched = async (): Promise<Consent | undefined> => {
    try {
      return await client.call('workflows.touches', { id: store.getState().workflowId });
    } catch (error) {
      notifyError(error instanceof ApiError ? error : String(error));
      return undefined;
    }
  };

  const allow = async () => {
    if (!held) return;
    const { consent, input } = held;
    const allowed = await allowing.run({ id: store.getState().workflowId, digest: consent.digest, by });
    setHeld(undefined);
    if (allowed.ok) await begin(input);
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

  const cancel = () => {
    setAsking(false);
    setHeld(undefined);
  };

  return {
    press,
    asking,
    consent: held?.consent,
    starting: saving || command.busy || allowing.busy,
    start,
    allow,
    cancel,
  };
}
