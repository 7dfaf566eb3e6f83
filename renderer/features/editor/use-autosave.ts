/** Keeps the stored draft up to date with what is on screen, and never lets a window close on unsaved work unasked. */
import { useEffect, useRef } from 'react';
import type { WorkflowDraft } from '../../../shared/api/contract.ts';
import { useClient } from '../../client.ts';
import { newId } from '../../lib/new-id.ts';
import { createAutosave, type Autosave, type SaveState } from './autosave.ts';
import { useEditorStore } from './store.ts';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';

export interface Saver {
  /** Saves what is not saved yet and says how that ended. */
  flush: () => Promise<SaveState>;
}

export function useAutosave(draft: WorkflowDraft): Saver {
  const client = useClient();
  const store = useEditorStore();
  const autosave = useRef<Autosave<WorkflowDocument>>(undefined);
  const known = useRef({ revision: draft.revision, saved: draft.document });

  useEffect(() => {
    const current = createAutosave<WorkflowDocument>({
      ...known.current,
      save: async (document, revision) => {
        const result = await client.call('workflows.save', { commandId: newId(), id: draft.id, revision, document });
        known.current = { revision: result.revision, saved: document };
        return result;
      },
      onState: (save, saveError) => store.setState({ save, saveError }),
      wait: (run, delayMs) => {
        const timer = window.setTimeout(run, delayMs);
        return () => window.clearTimeout(timer);
      },
    });
    autosave.current = current;
    let { document } = store.getState().history;
    current.changed(document);
    const unsubscribe = store.subscribe((state) => {
      if (state.history.document === document) return;
      document = state.history.document;
      current.changed(document);
    });
    const onLeave = (event: BeforeUnloadEvent) => {
      if (store.getState().save !== 'saved') event.preventDefault();
    };
    window.addEventListener('beforeunload', onLeave);
    return () => {
      unsubscribe();
      window.removeEventListener('beforeunload', onLeave);
      current.stop();
    };
  }, [client, store, draft.id]);

  const saver = useRef<Saver>({ flush: () => autosave.current?.flush() ?? Promise.resolve('saved') });
  return saver.current;
}
