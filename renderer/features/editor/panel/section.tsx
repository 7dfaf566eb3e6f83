/** A part of the property panel: a heading, what it is now in one line, a switch where it can be on or off, and its fields. */
import { Switch } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './panel.module.css';

export interface SectionProps {
  title: string;
  icon?: ReactNode;
  /** One quiet sentence under the heading. */
  summary?: ReactNode;
  /** Present when the part can be switched on and off. */
  on?: boolean;
  onToggle?: (on: boolean) => void;
  pointer?: string;
  children?: ReactNode;
}

export function Section({ title, icon, summary, on, onToggle, pointer, children }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title} data-pointer={pointer}>
      <header className={classes.sectionHead}>
        {icon !== undefined && (
          <span className={classes.sectionIcon} data-on={on || undefined}>
            {icon}
          </span>
        )}
        <h3 className={classes.sectionTitle}>{title}</h3>
        {onToggle && (
          <Switch
            size="sm"
            aria-label={title}
            checked={on ?? false}
            onChange={(event) => onToggle(event.currentTarget.checked)}
          />
        )}
      </header>
      {summary !== undefined && <p className={classes.quiet}>{summary}</p>}
      {children !== undefined && on !== false && <div className={classes.fields}>{children}</div>}
    </section>
  );
}
