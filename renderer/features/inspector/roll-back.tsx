/** Shows what a rollback would undo, in which order, and what would stay – and then asks for it. */
import { Button, Group, Modal, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { RollbackPlan } from '../../../shared/run/rollback-plan.ts';
import { isDone, type RunState } from '../../../shared/run/state.ts';
import { useCommand, useQuery } from '../../client.ts';
import { notifyDone } from '../../lib/notify.ts';
import { useSettings } from '../../lib/settings.ts';
import { ErrorState, RowsSkeleton } from '../../ui/page.tsx';
import classes from './inspector.module.css';

/** A run that is going back already, or has nothing left to undo, offers no rollback. */
export function canRollBack(run: RunState): boolean {
  if (run.end === 'rolled_back' || (run.rollback && !run.end) || (run.cancelling && !run.end)) return false;
  return Object.values(run.effects).some(
    (effect) => effect.undoes === undefined && (isDone(effect) || effect.status === 'in_doubt'),
  );
}

export function RollBack({ run, labelOf }: { run: RunState; labelOf: (key: string) => string }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setAsking(true)}>
        Roll back
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Roll this run back?" size="lg">
        {asking && <Question run={run} labelOf={labelOf} onClose={() => setAsking(false)} />}
      </Modal>
    </>
  );
}

function Question({ run, labelOf, onClose }: { run: RunState; labelOf: (key: string) => string; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const plan = useQuery('runs.rollbackPlan', { runId: run.runId });
  const rollback = useCommand('runs.rollback');
  const by = useSettings((store) => store.settings.actingAs);

  const confirm = async () => {
    const said = reason.trim();
    const asked = await rollback.run({ runId: run.runId, by, ...(said === '' ? {} : { reason: said }) });
    if (!asked.ok) return;
    onClose();
    notifyDone('The last change is undone first.', 'The run is being rolled back');
  };

  if (plan.error) return <ErrorState error={plan.error} />;
  if (!plan.value) return <RowsSkeleton rows={3} />;
  return (
    <>
      {run.end === undefined && <Text mb="sm">What is under way is settled first; nothing new starts.</Text>}
      <Plan plan={plan.value} labelOf={labelOf} />
      <Textarea
        mt="md"
        label="Why (optional)"
        autosize
        minRows={2}
        maxLength={2000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose} data-autofocus>
          Leave it as it is
        </Button>
        <Button color="red" loading={rollback.busy} onClick={() => void confirm()}>
          Roll back
        </Button>
      </Group>
    </>
  );
}

function Plan({ plan, labelOf }: { plan: RollbackPlan; labelOf: (key: string) => string }) {
  return (
    <>
      {plan.undo.length > 0 && (
        <section aria-label="Will be undone">
          <Text fw={600}>Will be undone, in this order</Text>
          <ol className={classes.plan}>
            {plan.undo.map((one) => (
              <li key={one.effectKey}>
                <strong>{labelOf(one.step)}</strong> – {one.undo}
                <code className={classes.planTarget}>{one.target}</code>
              </li>
            ))}
          </ol>
        </section>
      )}
      {plan.stays.length > 0 && (
        <section aria-label="Will stay">
          <Text fw={600}>Will stay</Text>
          <ul className={classes.plan}>
            {plan.stays.map((one) => (
              <li key={one.effectKey}>
                <strong>{labelOf(one.step)}</strong> – {one.why}
                <code className={classes.planTarget}>{one.target}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
