/** Times, durations, money and people as text that a reader can trust: relative with the exact value on hover. */
import { User, Users } from 'lucide-react';
import { formatActor, formatDue, formatDuration, formatExact, formatMoney, formatRelative } from '../lib/format.ts';
import { useSettings } from '../lib/settings.ts';
import { useNow } from '../lib/use-now.ts';
import classes from './parts.module.css';

export function TimeText({ at, className }: { at: number; className?: string | undefined }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={formatExact(at)} className={className}>
      {formatRelative(at, now)}
    </time>
  );
}

/** What is left until `at`, counting down; over time it says so in the colour of an escalation. */
export function DueText({ at }: { at: number }) {
  const now = useNow();
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={formatExact(at)}
      className={classes.due}
      data-over={at < now || undefined}
    >
      {formatDue(at, now)}
    </time>
  );
}

/** For a wait: `in 42 s`, and `now` when it is over. */
export function Countdown({ to }: { to: number }) {
  const now = useNow();
  const left = to - now;
  return (
    <time dateTime={new Date(to).toISOString()} title={formatExact(to)} className="hf-numbers">
      {left > 0 ? `in ${formatDuration(Math.ceil(left / 1000) * 1000).replace('.0 s', ' s')}` : 'now'}
    </time>
  );
}

/** From start to end, or until now while it goes on. */
export function DurationText({ from, to }: { from: number; to?: number | undefined }) {
  return to === undefined ? (
    <RunningDuration from={from} />
  ) : (
    <span className="hf-numbers">{formatDuration(to - from)}</span>
  );
}

function RunningDuration({ from }: { from: number }) {
  const now = useNow();
  const ms = Math.max(0, Math.floor((now - from) / 1000) * 1000);
  return <span className="hf-numbers">{formatDuration(ms).replace('.0 s', ' s').replace('0 ms', '0 s')}</span>;
}

export function MoneyText({ micros }: { micros: number }) {
  const currency = useSettings((store) => store.settings.currency);
  const loaded = useSettings((store) => store.loaded);
  // An amount in a guessed currency would be wrong for a moment; nothing is better.
  return <span className="hf-numbers">{loaded ? formatMoney(micros, currency) : '…'}</span>;
}

export function ActorText({ actor, withIcon = false }: { actor: string; withIcon?: boolean }) {
  const Icon = actor.startsWith('role:') ? Users : User;
  return (
    <span className={classes.actor} title={actor}>
      {withIcon && <Icon aria-hidden className={classes.icon} strokeWidth={1.75} />}
      {formatActor(actor)}
    </span>
  );
}
