/** What every screen is made of: a header with one title, a body that scrolls, an empty state and skeletons. */
import { Skeleton } from '@mantine/core';
import { ArrowLeft, TriangleAlert } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { hrefOf } from '../lib/route.ts';
import type { Route } from '../lib/route.ts';
import { useTitle } from '../lib/use-title.ts';
import { explainError } from '../lib/notify.ts';
import type { ApiError } from '../../shared/api/contract.ts';
import classes from './page.module.css';

/** The scrolling body of a screen that reads from top to bottom. */
export function Page({ children }: { children: ReactNode }) {
  return <div className={classes.page}>{children}</div>;
}

/** A named part of a page. */
export function Section({
  title,
  note,
  actions,
  children,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHead}>
        <div>
          <h2 className={classes.sectionTitle}>{title}</h2>
          {note !== undefined && <p className={classes.sectionNote}>{note}</p>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  );
}

export interface PageHeaderProps {
  title: string;
  /** Beside the title, on the same line: a status, a count. */
  mark?: ReactNode;
  subtitle?: ReactNode;
  actions?: ReactNode;
  back?: { to: Route; label: string };
}

export function PageHeader({ title, mark, subtitle, actions, back }: PageHeaderProps) {
  useTitle(title);
  return (
    <header className={classes.header}>
      <div className={classes.heading}>
        {back && (
          <a className={classes.back} href={hrefOf(back.to)}>
            <ArrowLeft aria-hidden className={classes.icon} strokeWidth={1.75} />
            {back.label}
          </a>
        )}
        <div className={classes.titleLine}>
          <h1 className={classes.title}>{title}</h1>
          {mark}
        </div>
        {subtitle !== undefined && <div className={classes.subtitle}>{subtitle}</div>}
      </div>
      {actions !== undefined && <div className={classes.actions}>{actions}</div>}
    </header>
  );
}

export interface EmptyStateProps {
  icon: LucideIcon;
  title: string;
  text: ReactNode;
  action?: ReactNode;
  tone?: 'quiet' | 'problem';
}

export function EmptyState({ icon: Icon, title, text, action, tone = 'quiet' }: EmptyStateProps) {
  return (
    <div className={classes.empty} data-tone={tone}>
      <Icon aria-hidden className={classes.emptyIcon} strokeWidth={1.5} />
      <h2 className={classes.emptyTitle}>{title}</h2>
      <div className={classes.emptyText}>{text}</div>
      {action}
    </div>
  );
}

/** In place of content that could not be loaded: what happened and what to do. */
export function ErrorState({ error, action }: { error: ApiError; action?: ReactNode }) {
  const { message, advice } = explainError(error);
  return <EmptyState icon={TriangleAlert} tone="problem" title={message} text={advice} action={action} />;
}

function Loading({ children }: { children: ReactNode }) {
  return (
    <div role="status">
      <span className="hf-hidden">Loading</span>
      <div aria-hidden>{children}</div>
    </div>
  );
}

const seven = [0, 1, 2, 3, 4, 5, 6];

export function RowsSkeleton({ rows = 7 }: { rows?: number }) {
  return (
    <Loading>
      <div className={classes.rows}>
        {seven.slice(0, rows).map((row) => (
          <Skeleton key={row} className={classes.row} />
        ))}
      </div>
    </Loading>
  );
}

export function CardsSkeleton({ cards = 3 }: { cards?: number }) {
  return (
    <Loading>
      <div className={classes.cards}>
        {seven.slice(0, cards).map((card) => (
          <Skeleton key={card} className={classes.card} />
        ))}
      </div>
    </Loading>
  );
}

export function PageSkeleton() {
  return (
    <Loading>
      <div className={classes.pageSkeleton}>
        <Skeleton className={classes.skeletonTitle} />
        <Skeleton className={classes.card} />
        <Skeleton className={classes.card} />
      </div>
    </Loading>
  );
}
