/**
 * Review-gated: when a person is asked, who, until when, and what they may answer. Technical failures are none of its
 * business; they live in the retry section.
 */
import { Autocomplete, Checkbox, Input, NumberInput, SegmentedControl, Select } from '@mantine/core';
import { UserCheck } from 'lucide-react';
import { useState } from 'react';
import { changesTheWorld } from '../../../../shared/steps/effect.ts';
import { effectOf, type StepManifest } from '../../../../shared/steps/manifest.ts';
import { gateText, ownerText } from '../../../../shared/workflow/describe.ts';
import { reviewAnswers, type Gate, type Step } from '../../../../shared/workflow/document.ts';
import { expressionText } from '../../../../shared/workflow/template.ts';
import { ExpressionField } from './expression-field.tsx';
import { wrapExpression } from './expression-text.ts';
import {
  allowedOf,
  answerWords,
  askWhen,
  conditionExpression,
  otherConditions,
  ownerFromText,
  thresholdOf,
  withAnswer,
  withCondition,
  withWhen,
  type AskWhen,
} from './gate-model.ts';
import { problemAt, usePanel } from './panel-context.ts';
import { Section } from './section.tsx';
import { canAnswer, freshGates, moveGate, patch, withGate, type GateSide } from './step-edits.ts';
import { DurationField } from './text-controls.tsx';
import classes from './panel.module.css';

const whenChoices: { value: AskWhen; label: string }[] = [
  { value: 'always', label: 'Every time' },
  { value: 'confidence', label: 'When confidence is low' },
  { value: 'expression', label: 'When an expression holds' },
];

/** Shows `Finance lead` and writes `role:finance-lead`; `person:ada` is written as it is. */
export function OwnerField({
  label,
  help,
  value,
  problem,
  onChange,
}: {
  label: string;
  help?: string;
  value: string;
  problem?: string | undefined;
  onChange: (owner: string) => void;
}) {
  const { owners } = usePanel();
  const [typed, setTyped] = useState<string>();
  const shown = value.startsWith('role:') ? ownerText(value) : value;
  return (
    <Autocomplete
      label={label}
      description={help}
      placeholder="Finance lead"
      error={problem}
      data={[...new Set(owners.map((owner) => (owner.startsWith('role:') ? ownerText(owner) : owner)))]}
      value={typed !== undefined && (typed.trim() === '' || ownerFromText(typed) === value) ? typed : shown}
      onChange={(text) => {
        setTyped(text);
        if (text.trim() !== '') onChange(ownerFromText(text));
      }}
      onBlur={() => setTyped(undefined)}
    />
  );
}

function GateForm({
  id,
  side,
  gate,
  changes,
  onGate,
  onSide,
  onlySide,
}: {
  id: string;
  side: GateSide;
  gate: Gate;
  changes: boolean;
  onGate: (next: Gate) => void;
  onSide: (side: GateSide) => void;
  onlySide: boolean;
}) {
  const { problems } = usePanel();
  const pointer = `/steps/${id}/gates/${side}`;
  const when = askWhen(gate);
  const others = otherConditions(gate);
  return (
    <div className={classes.fields} data-pointer={pointer}>
      {onlySide && (
        <Input.Wrapper
          label="Ask"
          labelElement="div"
          description={
            side === 'before'
              ? 'The person sees what is about to be sent.'
              : 'The person sees the result before anything goes on.'
          }
        >
          <SegmentedControl
            fullWidth
            size="xs"
            aria-label="Ask before or after the step"
            data={[
              { value: 'before', label: 'Before the step' },
              { value: 'after', label: 'After the step' },
            ]}
            value={side}
            onChange={(next) => onSide(next as GateSide)}
          />
        </Input.Wrapper>
      )}
      <Select
        label="When"
        data={whenChoices}
        value={when}
        allowDeselect={false}
        error={problemAt(problems, `${pointer}/when`)}
        onChange={(next) => onGate(withWhen(gate, (next ?? 'always') as AskWhen))}
      />
      {when === 'confidence' && (
        <>
          <NumberInput
            label="Ask when confidence is below"
            suffix=" %"
            min={1}
            max={100}
            value={Math.round(thresholdOf(gate) * 100)}
            onChange={(next) =>
              typeof next === 'number' &&
              onGate(withCondition(gate, { confidenceBelow: Math.min(1, Math.max(0, next / 100)) }))
            }
          />
          <ExpressionField
            label="Where the confidence is"
            help="Left empty: the field “confidence” of the output. Missing counts as 0 %."
            placeholder="output.confidence"
            value={gate.confidence === undefined ? '' : expressionText(gate.confidence)}
            problem={problemAt(problems, `${pointer}/confidence`)}
            onChange={(text) => onGate(patch(gate, { confidence: wrapExpression(text, false) }))}
          />
        </>
      )}
      {when === 'expression' && (
        <ExpressionField
          label="Ask when this holds"
          required
          placeholder="output.amount > 50000"
          value={expressionText(conditionExpression(gate))}
          onChange={(text) => onGate(withCondition(gate, { expression: wrapExpression(text, true) || '{{ true }}' }))}
        />
      )}
      {others.length > 0 && <p className={classes.quiet}>Also when {others.join(', or when ')}.</p>}
      <OwnerField
        label="Who decides"
        value={gate.owner}
        problem={problemAt(problems, `${pointer}/owner`)}
        onChange={(owner) => onGate({ ...gate, owner })}
      />
      <DurationField
        label="Answer due within"
        placeholder="no due time"
        value={gate.dueMs}
        problem={problemAt(problems, `${pointer}/dueMs`)}
        onChange={(ms) => onGate(patch(gate, { dueMs: ms }))}
      />
      <Input.Wrapper label="Allowed answers" labelElement="div" error={problemAt(problems, `${pointer}/allow`)}>
        <div className={classes.answers}>
          {reviewAnswers
            .filter((answer) => canAnswer(answer, side, changes, gate))
            .map((answer) => (
              <Checkbox
                key={answer}
                size="xs"
                label={answerWords[answer]}
                checked={allowedOf(gate).includes(answer)}
                onChange={(event) => onGate(withAnswer(gate, answer, event.currentTarget.checked))}
              />
            ))}
        </div>
      </Input.Wrapper>
    </div>
  );
}

export interface ReviewSectionProps {
  id: string;
  step: Step;
  manifest: StepManifest | undefined;
  owner: string;
  onStep: (next: Step) => void;
}

export function ReviewSection({ id, step, manifest, owner, onStep }: ReviewSectionProps) {
  const sides = (['before', 'after'] as const).filter((side) => step.gates?.[side] !== undefined);
  const changes = changesTheWorld(effectOf(step, manifest));
  const summary = sides.map((side) => step.gates?.[side]).flatMap((gate) => (gate ? [`${gateText(gate)}.`] : []));
  return (
    <Section
      title="Review"
      icon={<UserCheck aria-hidden />}
      summary={summary.length > 0 ? summary.join(' ') : 'Nobody is asked.'}
      pointer={`/steps/${id}/gates`}
      on={sides.length > 0}
      onToggle={(on) => onStep(patch(step, { gates: on ? freshGates(step, manifest, owner) : undefined }))}
    >
      {sides.map((side) => {
        const gate = step.gates?.[side];
        return (
          gate && (
            <GateForm
              key={side}
              id={id}
              side={side}
              gate={gate}
              changes={changes}
              onlySide={sides.length === 1}
              onGate={(next) => onStep(withGate(step, manifest, side, next))}
              onSide={(to) => onStep(moveGate(step, manifest, side, to))}
            />
          )
        );
      })}
    </Section>
  );
}
