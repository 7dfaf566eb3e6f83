/** Where a step leads, port by port: the same connections as the wires on the canvas, for keyboard and screen reader. */
import { MultiSelect } from '@mantine/core';
import { ArrowRight } from 'lucide-react';
import { Section } from './section.tsx';
import classes from './panel.module.css';

export interface PathRow {
  port: string;
  label: string;
  targets: string[];
  /** Steps this port may lead to, those it leads to included. */
  choices: { value: string; label: string }[];
}

export function PathsSection({
  id,
  rows,
  onTargets,
}: {
  id: string;
  rows: PathRow[];
  onTargets: (port: string, targets: string[]) => void;
}) {
  return (
    <Section title="Leads to" icon={<ArrowRight aria-hidden />} pointer={`/steps/${id}/paths`}>
      {rows.map((row) => (
        <MultiSelect
          key={row.port}
          label={row.label}
          placeholder={row.targets.length === 0 ? 'nothing' : ''}
          searchable
          classNames={{ inputField: classes.shortInput ?? '' }}
          limit={100}
          data={row.choices}
          value={row.targets}
          onChange={(targets) => onTargets(row.port, targets)}
        />
      ))}
    </Section>
  );
}
