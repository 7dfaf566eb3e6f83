/**
 * Plain words for what a document holds: durations, money, owners, marks, states. The one place where screen and
 * terminal get them from, so that both say the same. Must never show a field name or a pointer.
 */
import { isUndoKey, stepIdOf, visitOf } from '../run/keys.ts';
import type { StateWord } from '../run/state.ts';
import type { ErrorClass } from '../run/errors.ts';
import { isErrorClass } from '../run/errors.ts';
import { effectWords, type EffectClass } from '../steps/effect.ts';
import type { Gate, GateCondition, Retrier, Retry, WorkflowDocument } from './document.ts';

/** At most two digits behind the point, and no zeros at the end. */
function plain(value: number): string {
  return String(Math.round(value * 100) / 100);
}

const UNITS: readonly { ms: number; one: string; many: string }[] = [
  { ms: 86_400_000, one: 'day', many: 'days' },
  { ms: 3_600_000, one: 'h', many: 'h' },
  { ms: 60_000, one: 'min', many: 'min' },
  { ms: 1000, one: 's', many: 's' },
];

/** `0.5 s`, `90 s` as `1 min 30 s`, `4 h`, `2 days 3 h`: at most two units. */
export function durationText(ms: number): string {
  if (ms <= 0) return '0 s';
  // Rounded first, so that 59.999 s never becomes "60 s".
  const rounded = ms < 60_000 ? Math.round(ms / 10) * 10 : Math.round(ms / 1000) * 1000;
  if (rounded === 0) return `${plain(ms)} ms`;
  const at = UNITS.findIndex((unit) => rounded >= unit.ms);
  const unit = UNITS[at];
  if (!unit || unit.ms === 1000) return `${plain(rounded / 1000)} s`;
  const whole = Math.floor(rounded / unit.ms);
  const text = `${whole} ${whole === 1 ? unit.one : unit.many}`;
  const next = UNITS[at + 1];
  const rest = next ? Math.floor((rounded - whole * unit.ms) / next.ms) : 0;
  return next && rest > 0 ? `${text} ${rest} ${next.many}` : text;
}

/** `$0.05`, `0.0123 CHF`: two digits, more only where the amount would vanish. */
export function moneyText(micros: number, currency = 'USD'): string {
  const amount = Math.abs(micros) / 1_000_000;
  const digits = amount !== 0 && amount < 0.01 ? 6 : amount < 1 && micros % 10_000 !== 0 ? 4 : 2;
  const number = amount.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, '$1');
  const grouped = number.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));
  const sign = micros < 0 ? '−' : '';
  return currency === 'USD' ? `${sign}$${grouped}` : `${sign}${grouped} ${currency}`;
}

/** `role:finance-lead` → `Finance lead`, `person:ada` → `Ada`. */
export function ownerText(owner: string): string {
  const name = owner.replace(/^(role|person):/, '').replace(/[-_]+/g, ' ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Where in maps and loops a step is: `each[3]/x#2` → `item 4, round 2`; empty for one that is done once. */
export function placeText(key: string): string {
  const item = [...key.matchAll(/\[(\d+)\]/g)].map(([, index]) => Number(index) + 1).join('.');
  const round = visitOf(key);
  return [...(item === '' ? [] : [`item ${item}`]), ...(round > 1 ? [`round ${round}`] : [])].join(', ');
}

/** The step's label, with its place inside maps and loops: `each[3]/x#2` → `Send (item 4, round 2)`. */
export function stepLabel(document: Pick<WorkflowDocument, 'steps'>, key: string): string {
  const id = stepIdOf(key);
  const step = Object.hasOwn(document.steps, id) ? document.steps[id] : undefined;
  const own = step?.label?.trim() || id;
  const name = isUndoKey(key) ? step?.compensate?.label?.trim() || `Undo ${own}` : own;
  const place = placeText(key);
  return place === '' ? name : `${name} (${place})`;
}

export function effectText(effect: EffectClass): string {
  return effectWords[effect];
}

function joined(parts: readonly string[], word: 'or' | 'and'): string {
  if (parts.length < 2) return parts[0] ?? '';
  return `${parts.slice(0, -1).join(', ')} ${word} ${parts[parts.length - 1] ?? ''}`;
}

function conditionText(condition: GateCondition): string {
  if ('confidenceBelow' in condition) return `confidence is below ${plain(condition.confidenceBelow * 100)} %`;
  if ('costAboveMicros' in condition) return `it costs more than ${moneyText(condition.costAboveMicros)}`;
  if ('effectIn' in condition)
    return `its effect is “${joined(
      condition.effectIn.map((effect) => effectWords[effect].toLowerCase()),
      'or',
    )}”`;
  return 'a condition of its own holds';
}

/** "Asks Finance lead when confidence is below 80 %". */
export function gateText(gate: Pick<Gate, 'when' | 'owner' | 'dueMs'>): string {
  const when = gate.when === 'always' ? 'every time' : `when ${joined(gate.when.any.map(conditionText), 'or')}`;
  const due = gate.dueMs === undefined ? '' : `, answer due within ${durationText(gate.dueMs)}`;
  return `Asks ${ownerText(gate.owner)} ${when}${due}`;
}

/** What an error class means to somebody who is not a programmer. */
const errorWords: Record<ErrorClass, string> = {
  timeout: 'there was no answer in time',
  unavailable: 'the system was unavailable',
  rate_limited: 'the system asked to slow down',
  not_sent: 'the request never left',
  refused: 'the system said no',
  invalid_output: 'the result was not usable',
  stale: 'the data had changed meanwhile',
  partial: 'it was done only in part',
  in_doubt: 'nobody knows whether it happened',
  budget: 'the budget is used up',
  low_confidence: 'confidence was too low',
  dependency_unhealthy: 'the system has been failing for a while',
  loop_limit: 'the limit of rounds was reached',
  retries_exhausted: 'all retries were used up',
  crashed: 'the app stopped in the middle',
  cancelled: 'it was cancelled',
  code: 'the step itself failed',
};

/** Words for `timeout`, `unavailable:503` or `*`. */
export function errorText(pattern: string): string {
  if (pattern === '*') return 'a passing failure';
  const [name = '', code] = pattern.split(/:(.*)/s);
  const words = isErrorClass(name) ? errorWords[name] : name;
  return code === undefined || code === '' ? words : `${words} (${code})`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `up to ${count} times`;
}

function retrierText(retrier: Retrier): string {
  if (retrier.maxRetries === 0) return 'Does not try again';
  const when = retrier.errors.includes('*') ? '' : ` when ${joined(retrier.errors.map(errorText), 'or')}`;
  return `Tries again ${times(retrier.maxRetries)}${when}, first after ${durationText(retrier.intervalMs)}`;
}

/** "Tries again up to 4 times, first after 0.5 s". */
export function retryText(retry: Pick<Retry, 'retriers'>): string {
  if (retry.retriers.length === 0) return 'Does not try again';
  return retry.retriers.map((retrier) => retrierText(retrier)).join('; ');
}

const stateTexts: Record<StateWord, string> = {
  started: 'Started',
  waiting: 'Waiting',
  confirmed: 'Confirmed',
  failed: 'Failed',
  escalated: 'Escalated',
  rolled_back: 'Rolled back',
  complete: 'Complete',
};

/** One of the seven words as it is shown. */
export function wordText(word: StateWord): string {
  return stateTexts[word];
}
