/** Asks once before a workflow reaches anything outside the Sandbox: what, what happens there, and for which step. */
import { Button, Group, Modal, Text } from '@mantine/core';
import { effectWords } from '../../../../shared/steps/effect.ts';
import type { Touch } from '../../../../shared/workflow/touches.ts';
import classes from './consent-dialog.module.css';

export interface ConsentDialogProps {
  name: string;
  touches: Touch[];
  busy: boolean;
  onAllow: () => void;
  onClose: () => void;
}

export function ConsentDialog({ name, touches, busy, onAllow, onClose }: ConsentDialogProps) {
  return (
    <Modal opened onClose={onClose} title="Let this workflow reach outside?" size="lg">
      <Text>“{name}” touches more than the Sandbox. Nothing of it has started yet.</Text>
      <ul className={classes.touches} aria-label="What it touches">
        {touches.map((touch) => (
          <li key={`${touch.step} ${touch.what} ${touch.onRollback ?? false}`}>
            <span className={classes.step}>{touch.label}</span>
            <code className={classes.what}>{touch.what}</code>
            <span className={classes.effect}>
              {effectWords[touch.effect]}
              {touch.onRollback && ', only on rollback'}
            </span>
          </li>
        ))}
      </ul>
      <Text size="sm" c="dimmed">
        You are asked again when this list changes.
      </Text>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose} data-autofocus>
          Do not run
        </Button>
        <Button loading={busy} onClick={onAllow}>
          Allow and run
        </Button>
      </Group>
    </Modal>
  );
}
