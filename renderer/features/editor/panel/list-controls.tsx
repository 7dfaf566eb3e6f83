/** Controls for lists: the rules of a branch, and pairs of a name and a text such as headers. */
import { ActionIcon, Button, Input, TextInput } from '@mantine/core';
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react';
import { expressionText } from '../../../../shared/workflow/template.ts';
import type { ControlProps } from './control-props.ts';
import { ExpressionField } from './expression-field.tsx';
import { wrapExpression } from './expression-text.ts';
import { problemAt, usePanel } from './panel-context.ts';
import { freshName } from './schema-model.ts';
import classes from './panel.module.css';

interface Rule {
  port: string;
  when: string;
  label?: string;
}

function rulesOf(value: unknown): Rule[] {
  if (!Array.isArray(value)) return [];
  return value.map((entry: unknown) => {
    const fields = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : {};
    const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
    return { ...fields, port: text('port'), when: text('when') };
  });
}

/** The port is the rule's identity – edges hang on it – so renaming what people read never rewires anything. */
export function RulesControl({ field, pointer, value, onChange }: ControlProps) {
  const { problems } = usePanel();
  const rules = rulesOf(value);
  const replace = (index: number, rule: Rule) => onChange(rules.map((old, at) => (at === index ? rule : old)));
  const move = (index: number, by: number) => {
    const next = [...rules];
    const [rule] = next.splice(index, 1);
    if (rule) next.splice(index + by, 0, rule);
    onChange(next);
  };
  return (
    <Input.Wrapper
      label={field.title}
      description={field.help}
      error={problems.find((problem) => problem.pointer === pointer)?.message}
      labelElement="div"
    >
      <ol className={classes.rules}>
        {rules.map((rule, index) => (
          <li key={rule.port} className={classes.rule} data-pointer={`${pointer}/${index}`}>
            <div className={classes.ruleHead}>
              <TextInput
                className={classes.grow ?? ''}
                aria-label={`Name of rule ${index + 1}`}
                placeholder="Name of this path"
                value={rule.label ?? rule.port}
                onChange={(event) => replace(index, { ...rule, label: event.currentTarget.value })}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                className={classes.round ?? ''}
                disabled={index === 0}
                aria-label={`Check rule ${index + 1} earlier`}
                onClick={() => move(index, -1)}
              >
                <ArrowUp aria-hidden className={classes.smallIcon} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                className={classes.round ?? ''}
                disabled={index === rules.length - 1}
                aria-label={`Check rule ${index + 1} later`}
                onClick={() => move(index, 1)}
              >
                <ArrowDown aria-hidden className={classes.smallIcon} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove rule ${index + 1}`}
                onClick={() => onChange(rules.filter((_rule, at) => at !== index))}
              >
                <Trash2 aria-hidden className={classes.smallIcon} />
              </ActionIcon>
            </div>
            <ExpressionField
              label="When"
              required
              problem={problemAt(problems, `${pointer}/${index}`)}
              placeholder="$steps.decide.output.amount > 0"
              value={expressionText(rule.when)}
              onChange={(text) => replace(index, { ...rule, when: wrapExpression(text, true) ?? '' })}
            />
          </li>
        ))}
      </ol>
      <Button
        variant="subtle"
        size="xs"
        className={classes.add ?? ''}
        leftSection={<Plus aria-hidden className={classes.smallIcon} />}
        onClick={() => {
          const port = freshName(
            rules.map((rule) => ({ name: rule.port })),
            `rule${rules.length + 1}`,
          );
          onChange([...rules, { port, when: '', label: `Rule ${rules.length + 1}` }]);
        }}
      >
        Add a rule
      </Button>
    </Input.Wrapper>
  );
}

export function KeyValueControl({ field, value, problem, onChange }: ControlProps) {
  const record =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  const pairs = Object.entries(record);
  const write = (next: [string, unknown][]) =>
    onChange(next.length === 0 && !field.required ? undefined : Object.fromEntries(next));
  return (
    <Input.Wrapper label={field.title} description={field.help} error={problem} labelElement="div">
      <div className={classes.rows}>
        {pairs.map(([name, text], index) => (
          // The name is what is being edited, so a pair is known by its place.
          <div key={index} className={classes.pair}>
            <TextInput
              aria-label={`Name ${index + 1}`}
              placeholder="Name"
              value={name}
              onChange={(event) => {
                const next = event.currentTarget.value;
                if (!pairs.some(([other], at) => at !== index && other === next))
                  write(pairs.map((pair, at) => (at === index ? [next, pair[1]] : pair)));
              }}
            />
            <TextInput
              aria-label={`Value of ${name}`}
              placeholder="Value"
              value={typeof text === 'string' ? text : JSON.stringify(text)}
              onChange={(event) => {
                const next = event.currentTarget.value;
                write(pairs.map((pair, at) => (at === index ? [pair[0], next] : pair)));
              }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove ${name}`}
              onClick={() => write(pairs.filter((_pair, at) => at !== index))}
            >
              <Trash2 aria-hidden className={classes.smallIcon} />
            </ActionIcon>
          </div>
        ))}
        <Button
          variant="subtle"
          size="xs"
          className={classes.add ?? ''}
          leftSection={<Plus aria-hidden className={classes.smallIcon} />}
          onClick={() =>
            write([
              ...pairs,
              [
                freshName(
                  pairs.map(([name]) => ({ name })),
                  'name',
                ),
                '',
              ],
            ])
          }
        >
          Add a pair
        </Button>
      </div>
    </Input.Wrapper>
  );
}
