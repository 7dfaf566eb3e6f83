/**
 * The editor of one workflow: loads the draft and the step kinds, then hands over to the workbench. Owns loading and
 * failing; editing begins below.
 */
import { useState } from 'react';
import { ReactFlowProvider } from '@xyflow/react';
import { Button } from '@mantine/core';
import { ApiError, type WorkflowDraft } from '../../../shared/api/contract.ts';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { useClient, useQuery } from '../../client.ts';
import { notifyError } from '../../lib/notify.ts';
import { hrefOf } from '../../lib/route.ts';
import { ErrorState, PageSkeleton } from '../../ui/page.tsx';
import { createEditorStore, EditorContext } from './store.ts';
import { Workbench } from './workbench.tsx';

function Editor({
  draft,
  manifests,
  onReload,
}: {
  draft: WorkflowDraft;
  manifests: StepManifest[];
  onReload: () => void;
}) {
  const [store] = useState(() => createEditorStore(draft, manifests));
  return (
    <EditorContext.Provider value={store}>
      <ReactFlowProvider>
        <Workbench draft={draft} onReload={onReload} />
      </ReactFlowProvider>
    </EditorContext.Provider>
  );
}

export function EditorPage({ workflowId }: { workflowId: string }) {
  const client = useClient();
  const manifests = useQuery('steps.list', {});
  const draft = useQuery('workflows.get', { id: workflowId });
  // What is open is edited here; an answer that comes later, after a reconnect, must not replace it under the hands.
  const [opened, setOpened] = useState<{ draft: WorkflowDraft; manifests: StepManifest[]; round: number }>();
  const error = draft.error ?? manifests.error;
  const reopen = async () => {
    try {
      const fresh = await client.call('workflows.get', { id: workflowId });
      setOpened((before) => before && { ...before, draft: fresh, round: before.round + 1 });
    } catch (thrown) {
      notifyError(thrown instanceof ApiError ? thrown : 'The workflow could not be loaded again.');
    }
  };
  if (!opened && draft.value && manifests.value)
    setOpened({ draft: draft.value, manifests: manifests.value, round: 0 });
  if (opened) {
    return (
      <Editor key={opened.round} draft={opened.draft} manifests={opened.manifests} onReload={() => void reopen()} />
    );
  }
  if (error) {
    return (
      <ErrorState
        error={error}
        action={
          <Button component="a" variant="default" href={hrefOf({ screen: 'designer' })}>
            Back to the Designer
          </Button>
        }
      />
    );
  }
  return <PageSkeleton />;
}
