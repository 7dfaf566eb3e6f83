/** Asks before it cancels, and says what a cancel leaves behind in other systems. */
import { Button, Group, Modal, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { RunState } from '../../../shared/run/state.ts';
import { useCommand } from '../../client.ts';
import { countOf } from '../../lib/format.ts';
import { notifyDone } from '../../lib/notify.ts';
import { useSettings } from '../../lib/settings.ts';

export function CancelRun({ run }: { run: RunState }) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const cancel = useCommand('runs.cancel');
  const by = useSettings((store) => store.settings.actingAs);
  const done = Object.values(run.effects).filter((effect) => effect.status === 'confirmed').length;

  const confirm = async () => {
    const said = reason.trim();
    const asked = await cancel.run({ runId: run.runId, by, ...(said === '' ? {} : { reason: said }) });
    if (!asked.ok) return;
    setAsking(false);
    notifyDone('What is under way is settled first, then the run ends.', 'The run is being cancelled');
  };

  return (
    <>
      <Button variant="default" disabled={run.cancelling !== undefined} onClick={() => setAsking(true)}>
        {run.cancelling === undefined ? 'Cancel the run' : 'Being cancelled'}
      </Button>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Cancel this run?">
        <Text>
          What is under way is settled first; nothing new starts.{' '}
          {done === 0
            ? 'It has not changed anything in other systems.'
            : `Its ${countOf(done, 'change')} in other systems ${done === 1 ? 'stays' : 'stay'} as ${done === 1 ? 'it is' : 'they are'}: the ledger lists ${done === 1 ? 'it' : 'them'}.`}
        </Text>
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
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
            Let it run
          </Button>
          <Button color="red" loading={cancel.busy} onClick={() => void confirm()}>
            Cancel the run
          </Button>
        </Group>
      </Modal>
    </>
  );
}
