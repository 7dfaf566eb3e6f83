/** Somebody else saved this workflow meanwhile: says so and offers both ways on. Nothing is lost by either. */
import { Button } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { useCommand } from '../../client.ts';
import { navigate } from '../../lib/route.ts';
import { useEditor, useEditorStore } from './store.ts';
import classes from './workbench.module.css';

export function ConflictNotice({ onReload }: { onReload: () => void }) {
  const store = useEditorStore();
  const save = useEditor((state) => state.save);
  const create = useCommand('workflows.create');
  if (save !== 'conflict') return null;
  const keep = async () => {
    const { document } = store.getState().history;
    const created = await create.run({ document: { ...document, name: `${document.name} (my copy)` } });
    if (!created.ok) return;
    // What is on screen now lives in the copy, so leaving asks no further question.
    store.setState({ save: 'saved' });
    navigate({ screen: 'workflow', id: created.value.id });
  };
  return (
    <div className={classes.notice} role="alert">
      <TriangleAlert aria-hidden className={classes.noticeIcon} strokeWidth={1.75} />
      <span>This workflow was changed in another window. Your changes since then are not saved.</span>
      <Button size="xs" variant="default" onClick={onReload}>
        Load the other version
      </Button>
      <Button size="xs" loading={create.busy} onClick={() => void keep()}>
        Keep mine as a copy
      </Button>
    </div>
  );
}
