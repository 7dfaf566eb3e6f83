/** One's own workflows as rows: open with a click, the rest (export, delete) behind one menu per row. */
import { ActionIcon, Button, Group, Menu, Modal, Text } from '@mantine/core';
import { Download, Ellipsis, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { WorkflowSummary } from '../../../shared/api/contract.ts';
import { useClient, useCommand } from '../../client.ts';
import { countOf } from '../../lib/format.ts';
import { notifyDone, notifyError } from '../../lib/notify.ts';
import { hrefOf, navigate } from '../../lib/route.ts';
import { saveText } from '../../lib/save-text.ts';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { TimeText } from '../../ui/values.tsx';
import { ApiError } from '../../../shared/api/contract.ts';
import classes from './gallery.module.css';

function WorkflowRow({ workflow, onDelete }: { workflow: WorkflowSummary; onDelete: () => void }) {
  const client = useClient();
  const exportFile = async () => {
    try {
      const file = await client.call('workflows.export', { id: workflow.id });
      saveText(file.fileName, file.text);
    } catch (error) {
      notifyError(error instanceof ApiError ? error : 'The workflow could not be exported. Try again.');
    }
  };
  const { lastRun } = workflow;
  return (
    <li className={classes.workflow}>
      <div className={classes.workflowMain}>
        <a className={classes.workflowName} href={hrefOf({ screen: 'workflow', id: workflow.id })}>
          {workflow.name}
        </a>
        {workflow.description !== undefined && <span className={classes.workflowText}>{workflow.description}</span>}
      </div>
      <span className={classes.quiet}>{countOf(workflow.steps, 'step')}</span>
      <span className={classes.lastRun}>
        {lastRun ? (
          <a
            className={classes.runLink}
            href={hrefOf({ screen: 'run', id: lastRun.runId })}
            aria-label={`Last run of ${workflow.name}`}
          >
            <StatusBadge word={lastRun.word} />
            <span className={classes.quiet}>
              <TimeText at={lastRun.startedAt} />
            </span>
          </a>
        ) : (
          <span className={classes.quiet}>Never run</span>
        )}
      </span>
      <span className={classes.changed}>
        Changed <TimeText at={workflow.updatedAt} />
      </span>
      <Menu position="bottom-end" withinPortal={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`More for ${workflow.name}`}>
            <Ellipsis aria-hidden className={classes.icon} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<Play aria-hidden className={classes.icon} />}
            onClick={() => navigate({ screen: 'workflow', id: workflow.id })}
          >
            Open
          </Menu.Item>
          <Menu.Item leftSection={<Download aria-hidden className={classes.icon} />} onClick={() => void exportFile()}>
            Export as a file
          </Menu.Item>
          <Menu.Item color="red" leftSection={<Trash2 aria-hidden className={classes.icon} />} onClick={onDelete}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </li>
  );
}

export function WorkflowList({ workflows }: { workflows: WorkflowSummary[] }) {
  const [doomed, setDoomed] = useState<WorkflowSummary>();
  const remove = useCommand('workflows.delete');
  const confirm = async () => {
    if (!doomed) return;
    const removed = await remove.run({ id: doomed.id });
    if (removed.ok) notifyDone(`“${doomed.name}” was deleted. Its runs stay in the list of runs.`);
    setDoomed(undefined);
  };
  return (
    <>
      <ul className={classes.workflows}>
        {workflows.map((workflow) => (
          <WorkflowRow key={workflow.id} workflow={workflow} onDelete={() => setDoomed(workflow)} />
        ))}
      </ul>
      <Modal
        opened={doomed !== undefined}
        onClose={() => setDoomed(undefined)}
        title={`Delete “${doomed?.name ?? ''}”?`}
      >
        <Text>The drawing is removed. Runs that already started keep their own copy and go on.</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setDoomed(undefined)} data-autofocus>
            Keep it
          </Button>
          <Button color="red" loading={remove.busy} onClick={() => void confirm()}>
            Delete
          </Button>
        </Group>
      </Modal>
    </>
  );
}
