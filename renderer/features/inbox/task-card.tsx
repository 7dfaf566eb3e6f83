/**
 * One item with everything that is needed to decide it: the question, why it is asked, exactly what is approved, what
 * happens then and how it would be undone, and what came before. The decision is bound to the digest of what is shown.
 */
import { Collapse, UnstyledButton } from '@mantine/core';
import { ChevronRight, Undo2 } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { InboxCard } from '../../../shared/api/contract.ts';
import { effectClasses } from '../../../shared/steps/effect.ts';
import type { EffectClass } from '../../../shared/steps/effect.ts';
import { useQuery, useWatch } from '../../client.ts';
import {
  formatClock,
  formatDate,
  formatExact,
  formatFieldName,
  formatPercent,
  formatActor,
  nameActors,
} from '../../lib/format.ts';
import { hrefOf } from '../../lib/route.ts';
import { useSettings } from '../../lib/settings.ts';
import { answerDone, causeText, guidanceOf, questionOf } from '../../lib/words.ts';
import { EffectGlyph } from '../../ui/effect-glyph.tsx';
import { CopyButton, JsonTree } from '../../ui/json-tree.tsx';
import { ErrorState, PageSkeleton } from '../../ui/page.tsx';
import { ActorText, DueText, MoneyText, TimeText } from '../../ui/values.tsx';
import { isOpen } from './answers.ts';
import { DecisionBar } from './decision-bar.tsx';
import { KindMark } from './inbox-list.tsx';
import { PayloadForm } from './payload-form.tsx';
import { applyEdits, fieldsOf } from './payload.ts';
import type { Edits } from './payload.ts';
import classes from './inbox.module.css';

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part} aria-label={title}>
      <h3 className={classes.partTitle}>{title}</h3>
      {children}
    </section>
  );
}

function Folded({ title, children }: { title: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <section className={classes.part}>
      <UnstyledButton className={classes.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight aria-hidden className={classes.chevron} />
        {title}
      </UnstyledButton>
      <Collapse expanded={open} transitionDuration={120}>
        {children}
      </Collapse>
    </section>
  );
}

function confidenceOf(card: InboxCard): number | undefined {
  const measured = card.causes?.find((cause) => cause.condition === 'confidence')?.measured;
  if (typeof measured === 'number') return measured;
  const output = card.stepOutput;
  const own =
    typeof output === 'object' && output !== null ? (output as { confidence?: unknown }).confidence : undefined;
  return typeof own === 'number' && own >= 0 && own <= 1 ? own : undefined;
}

/** Which facts of the attempt help to decide; the others are in the run's page. */
const shownDetails = new Set(['model', 'provider', 'status']);

/** A step that asks for a structured answer brings the schema of what is shown. */
function schemaOf(card: InboxCard): unknown {
  if (card.gate !== 'after' || typeof card.stepInput !== 'object' || card.stepInput === null) return undefined;
  return (card.stepInput as { output?: unknown }).output;
}

/** Without a PIN nobody knows that it was really this person, and it does not count where several must approve. */
function approvalText({ by, verified }: { by: string; verified: boolean }): string {
  return verified ? formatActor(by) : `${formatActor(by)} (unverified)`;
}

/** The facts on one line: who, until when, what it cost so far, which model and how sure it is. */
function Facts({ card }: { card: InboxCard }) {
  const confidence = confidenceOf(card);
  const approvals = card.approvals ?? [];
  const details = Object.entries(card.details ?? {}).filter(
    ([name, value]) => shownDetails.has(name) && ['string', 'number'].includes(typeof value),
  );
  return (
    <dl className={classes.facts}>
      <div>
        <dt>For</dt>
        <dd>
          <ActorText actor={card.owner} withIcon />
        </dd>
      </div>
      <div>
        <dt>Asked</dt>
        <dd>
          <TimeText at={card.openedAt} />
          {card.dueAt !== undefined && isOpen(card) && (
            <>
              , <DueText at={card.dueAt} />
            </>
          )}
        </dd>
      </div>
      {card.quorum !== undefined && (
        <div>
          <dt>Approved by</dt>
          <dd>
            {approvals.length} of {card.quorum}
            {approvals.length > 0 && `: ${approvals.map(approvalText).join(', ')}`}
          </dd>
        </div>
      )}
      {confidence !== undefined && (
        <div>
          <dt>Confidence</dt>
          <dd>{formatPercent(confidence)}</dd>
        </div>
      )}
      <div>
        <dt>Cost so far</dt>
        <dd>
          <MoneyText micros={card.costMicros} />
        </dd>
      </div>
      {details.map(([name, value]) => (
        <div key={name}>
          <dt>{formatFieldName(name)}</dt>
          <dd>{String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function isEffectClass(text: string): text is EffectClass {
  return (effectClasses as readonly string[]).includes(text);
}

function NextEffects({ card }: { card: InboxCard }) {
  if (card.next.length === 0)
    return <p className={classes.quiet}>Nothing in another system changes because of this.</p>;
  return (
    <ol className={classes.next}>
      {card.next.map((effect) => (
        <li key={`${effect.step}-${effect.target}`}>
          <div className={classes.nextTop}>
            <strong>{effect.label}</strong>
            {isEffectClass(effect.effect) ? (
              <EffectGlyph effect={effect.effect} withWords />
            ) : (
              <span className={classes.quiet}>{effect.effect}</span>
            )}
          </div>
          <code className={classes.target}>{effect.target}</code>
          <div className={classes.undo}>
            <Undo2 aria-hidden className={classes.icon} strokeWidth={1.75} />
            {effect.undo === undefined ? 'Cannot be undone by Holdfast' : `Undone by: ${effect.undo}`}
          </div>
        </li>
      ))}
    </ol>
  );
}

function History({ card }: { card: InboxCard }) {
  return (
    <ol className={classes.history}>
      {card.history.map((entry) => (
        <li key={`${entry.at}-${entry.text}`}>
          <time dateTime={new Date(entry.at).toISOString()} title={formatExact(entry.at)}>
            {formatClock(entry.at).slice(0, 8)}
          </time>
          <span>{nameActors(entry.text)}</span>
        </li>
      ))}
    </ol>
  );
}

/** What nobody knows the end of: exactly what was asked, and under which key to look for it. */
function DoubtfulEffect({ runId, effectKey }: { runId: string; effectKey: string }) {
  const ledger = useWatch('ledger.list', { runId });
  const effect = ledger.value?.find((row) => row.key === effectKey);
  if (!effect) return null;
  return (
    <Part title="What was asked of the other system">
      <code className={classes.target}>{effect.target}</code>
      <div className={classes.keyLine}>
        Key <code className="hf-mono">{effect.key}</code>
        <CopyButton text={effect.key} label="Copy key" />
      </div>
      <JsonTree value={effect.request} label="Request" />
    </Part>
  );
}

function Outcome({ card }: { card: InboxCard }) {
  const { decision } = card;
  if (decision)
    return (
      <div className={classes.outcome}>
        <strong>
          {formatActor(decision.by)}
          {decision.verified === false && ' (unverified)'} {answerDone[decision.answer]}
        </strong>{' '}
        <span title={formatExact(decision.at)}>
          on {formatDate(decision.at)} at {formatClock(decision.at).slice(0, 5)}
        </span>
        {decision.reason !== undefined && <p>“{decision.reason}”</p>}
      </div>
    );
  return card.closedAt === undefined ? null : (
    <div className={classes.outcome}>The run ended before anybody decided.</div>
  );
}

const shownTitles = { before: 'This is what will be sent', after: 'This is the result' } as const;

function Card({ card, onDecided, onRefused }: { card: InboxCard; onDecided: () => void; onRefused: () => void }) {
  const currency = useSettings((store) => store.settings.currency);
  const [editing, setEditing] = useState(false);
  const [edits, setEdits] = useState<Edits>({});
  const fields = useMemo(() => fieldsOf(card.shown, schemaOf(card)), [card]);
  const result = useMemo(() => applyEdits(card.shown, fields, edits), [card.shown, fields, edits]);
  const causes = (card.causes ?? []).map((cause) => causeText(cause, currency));
  const open = isOpen(card);
  const guidance = guidanceOf(card);
  const payload = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (editing) payload.current?.querySelector<HTMLElement>('input, select, textarea')?.focus();
  }, [editing]);

  return (
    <>
      <div className={classes.cardScroll}>
        <article className={classes.card} aria-labelledby="question">
          <div className={classes.cardTop}>
            <KindMark kind={card.kind} />
            <a className={classes.crumb} href={hrefOf({ screen: 'run', id: card.runId })}>
              {card.workflowName} · {card.label}
            </a>
          </div>
          <h2 className={classes.question} id="question">
            {questionOf(card, card.label)}
          </h2>
          {causes.length > 0 && <p className={classes.why}>Asked because {causes.join(' and ')}.</p>}
          {card.message !== undefined && <p className={classes.why}>{card.message}</p>}
          {open && guidance !== undefined && <p className={classes.guidance}>{guidance}</p>}
          <Outcome card={card} />
          <Facts card={card} />
          {card.effectKey !== undefined && <DoubtfulEffect runId={card.runId} effectKey={card.effectKey} />}
          {card.shown !== undefined && (
            <Part title={card.gate === undefined ? 'This is what it is about' : shownTitles[card.gate]}>
              <div ref={payload} className={classes.payload} data-editing={editing || undefined}>
                <PayloadForm
                  fields={fields}
                  editing={editing}
                  edits={edits}
                  messages={result.ok ? {} : result.messages}
                  onEdit={(id, value) => setEdits({ ...edits, [id]: value })}
                />
              </div>
            </Part>
          )}
          {card.kind === 'review' && open && (
            <Part title="What can follow when you approve">
              <NextEffects card={card} />
            </Part>
          )}
          <Folded title="What the step was given">
            <JsonTree value={card.stepInput} label="What the step was given" />
          </Folded>
          {card.stepOutput !== undefined && card.stepOutput !== null && (
            <Folded title="What the step gave">
              <JsonTree value={card.stepOutput} label="What the step gave" />
            </Folded>
          )}
          <Folded title="What the run was given">
            <JsonTree value={card.input} label="What the run was given" />
          </Folded>
          {card.history.length > 0 && (
            <Part title="What came before">
              <History card={card} />
            </Part>
          )}
        </article>
      </div>
      {open && (
        <DecisionBar
          card={card}
          edited={editing ? result : undefined}
          onEditing={(next) => {
            setEditing(next);
            if (!next) setEdits({});
          }}
          onDecided={onDecided}
          onRefused={onRefused}
        />
      )}
    </>
  );
}

export function TaskCard({ taskId, onDecided }: { taskId: string; onDecided: () => void }) {
  const { value: card, error, reload } = useQuery('inbox.get', { taskId });
  const all = useWatch('inbox.list', { state: 'all' });
  const listed = all.value?.find((item) => item.taskId === taskId);
  const changed = listed && card && isOpen(listed) !== isOpen(card);
  // Somebody else decided, or the run ended: show that instead of buttons that would be refused.
  useEffect(() => {
    if (changed) reload();
  }, [changed, reload]);
  if (error) return <ErrorState error={error} />;
  if (!card) return <PageSkeleton />;
  return <Card key={card.digest ?? ''} card={card} onDecided={onDecided} onRefused={reload} />;
}
