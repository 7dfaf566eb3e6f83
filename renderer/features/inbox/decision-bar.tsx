/**
 * The answers of an item, as buttons and on the keys 1 to 4. An answer that needs words opens a field for them first;
 * Ctrl+Enter (⌘+Enter) sends, Escape goes back. Nothing is decided by a single stray key press except what needs no words.
 */
import { Button, Textarea } from '@mantine/core';
import { useLayoutEffect, useRef, useState } from 'react';
import type { InboxCard } from '../../../shared/api/contract.ts';
import type { TaskAnswer } from '../../../shared/run/events.ts';
import { limitValueOf, type Limit } from '../../../shared/run/limits.ts';
import { amountText, limitExample } from '../../../shared/workflow/describe-limits.ts';
import { useCommand } from '../../client.ts';
import { notifyDone } from '../../lib/notify.ts';
import { useSettings } from '../../lib/settings.ts';
import { answerTitle } from '../../lib/words.ts';
import { isTyping } from '../../ui/frame/go-keys.ts';
import { ActorText } from '../../ui/values.tsx';
import { choicesOf, demandOf } from './answers.ts';
import { parseJson } from './payload.ts';
import type { EditResult } from './payload.ts';
import classes from './inbox.module.css';

const doneTitles: Record<TaskAnswer, string> = {
  approve: 'Approved',
  edit: 'Approved with your changes',
  reject: 'Rejected',
  send_back: 'Sent back',
  retry: 'It is tried again',
  give_up: 'Given up',
  skip: 'It goes on with your result',
  happened: 'Noted: it happened',
  not_happened: 'Noted: it did not happen, so it is tried again',
  raise: 'The limit is raised',
  accept: 'Left as it is',
  rollback: 'The run is rolled back',
};

const asks: Partial<Record<TaskAnswer, { label: string; placeholder: string; send: string }>> = {
  reject: { label: 'Why do you reject it?', placeholder: 'This goes into the record.', send: 'Reject' },
  give_up: { label: 'Why do you give up?', placeholder: 'This goes into the record.', send: 'Give up' },
  accept: {
    label: 'Why may it stay? (optional)',
    placeholder: 'This goes into the record.',
    send: 'Leave it as it is',
  },
  rollback: { label: 'Why roll back?', placeholder: 'This goes into the record.', send: 'Roll back' },
  skip: {
    label: 'What result should the step have? (as JSON)',
    placeholder: '{ "amount": 1200 }',
    send: 'Go on with this result',
  },
  send_back: {
    label: 'What should be different?',
    placeholder: 'The step is done again with your comment.',
    send: 'Send back',
  },
  happened: {
    label: 'What did the other system answer? (optional, as JSON)',
    placeholder: '{ "id": "re_123" }',
    send: 'It happened',
  },
  not_happened: {
    label: 'How do you know? (optional)',
    placeholder: 'Where you looked, and what you found there.',
    send: 'It did not happen – try again',
  },
  raise: { label: 'What is the new limit for this run?', placeholder: '', send: 'Raise the limit' },
  edit: {
    label: 'A word about your changes (optional)',
    placeholder: 'This goes into the record.',
    send: 'Approve with changes',
  },
};

/** What it is now, and how a new one is written. */
function limitPlaceholder({ measure, limit }: Limit): string {
  return `More than ${amountText(measure, limit)}: ${limitExample(measure)}`;
}

export interface DecisionBarProps {
  card: InboxCard;
  /** What the payload form holds while it is edited. */
  edited: EditResult | undefined;
  onEditing: (editing: boolean) => void;
  onDecided: () => void;
  onRefused: () => void;
}

export function DecisionBar({ card, edited, onEditing, onDecided, onRefused }: DecisionBarProps) {
  const [asking, setAsking] = useState<TaskAnswer>();
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const decide = useCommand('inbox.decide');
  const by = useSettings((store) => store.settings.actingAs);
  const choices = choicesOf(card);
  const ask = asking === undefined ? undefined : asks[asking];

  const back = () => {
    if (asking === 'edit') onEditing(false);
    setAsking(undefined);
    setText('');
    setProblem(undefined);
  };

  const send = async (answer: TaskAnswer) => {
    const said = text.trim();
    const demand = demandOf(answer);
    if ((demand === 'reason' || demand === 'comment') && said === '') {
      setProblem(
        answer === 'send_back'
          ? 'Say what should be different: the step is done again with it.'
          : 'Say why: it goes into the record.',
      );
      return;
    }
    let value: unknown;
    if (demand === 'edits') {
      if (!edited?.ok) {
        setProblem('Correct the marked fields first.');
        return;
      }
      if (edited.changed.length === 0) {
        setProblem('Nothing is changed yet. Change a field, or go back and approve it as it is.');
        return;
      }
      value = edited.value;
    }
    if (demand === 'result' && said !== '') {
      const parsed = parseJson(said);
      if (!parsed.ok) {
        setProblem(parsed.message);
        return;
      }
      value = parsed.value;
    }
    if (demand === 'limit') {
      value = card.limit && limitValueOf(card.limit, said);
      if (value === undefined) {
        setProblem(`Write ${card.limit ? limitExample(card.limit.measure) : 'a number'}.`);
        return;
      }
    }
    const decided = await decide.run({
      taskId: card.taskId,
      answer,
      by,
      ...(said !== '' && demand !== 'result' && demand !== 'limit' ? { reason: said } : {}),
      ...(value === undefined ? {} : { value }),
      ...(card.digest === undefined ? {} : { digest: card.digest }),
    });
    if (!decided.ok) {
      onRefused();
      return;
    }
    notifyDone(`${card.workflowName} · ${card.label}`, doneTitles[answer]);
    onDecided();
  };

  const choose = (answer: TaskAnswer) => {
    setProblem(undefined);
    if (demandOf(answer) === 'nothing') {
      void send(answer);
      return;
    }
    setText('');
    setAsking(answer);
    onEditing(answer === 'edit');
  };

  /** Also from within the payload's fields, which lie outside the bar. */
  const onAskKey = (event: KeyboardEvent, answer: TaskAnswer) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      back();
    }
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat) {
      event.preventDefault();
      void send(answer);
    }
  };

  const latest = useRef<(event: KeyboardEvent) => void>(() => {});
  // Before the first paint: a key pressed as soon as the answers are seen must count.
  useLayoutEffect(() => {
    latest.current = (event) => {
      if (asking !== undefined) {
        onAskKey(event, asking);
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
      const choice = choices.find((entry) => entry.key === event.key);
      if (!choice) return;
      event.preventDefault();
      choose(choice.answer);
    };
  });
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => latest.current(event);
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  return (
    <div className={classes.bar} role="group" aria-label="Decision">
      {asking !== undefined && ask ? (
        <div className={classes.ask}>
          <Textarea
            label={ask.label}
            placeholder={asking === 'raise' && card.limit ? limitPlaceholder(card.limit) : ask.placeholder}
            error={problem}
            autosize
            minRows={asking === 'edit' ? 1 : 2}
            maxRows={8}
            autoFocus={asking !== 'edit'}
            classNames={demandOf(asking) === 'result' ? { input: classes.mono } : {}}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setProblem(undefined);
            }}
          />
          <div className={classes.answers}>
            <Button
              color={demandOf(asking) === 'reason' ? 'red' : 'accent'}
              loading={decide.busy}
              onClick={() => void send(asking)}
            >
              {ask.send}
            </Button>
            <Button variant="default" onClick={back}>
              Back
            </Button>
            <span className={classes.barHint}>
              <kbd>Ctrl</kbd> <kbd>Enter</kbd> sends, <kbd>Esc</kbd> goes back
            </span>
          </div>
        </div>
      ) : (
        <div className={classes.answers}>
          {choices.map((choice, index) => (
            <Button
              key={choice.answer}
              variant={index === 0 ? 'filled' : 'default'}
              loading={decide.busy && index === 0}
              disabled={decide.busy && index > 0}
              rightSection={
                <kbd className={classes.key} aria-hidden>
                  {choice.key}
                </kbd>
              }
              aria-keyshortcuts={choice.key}
              onClick={() => choose(choice.answer)}
            >
              {answerTitle(choice.answer, card)}
            </Button>
          ))}
          <span className={classes.barHint}>
            You decide as <ActorText actor={by} />
          </span>
        </div>
      )}
    </div>
  );
}
