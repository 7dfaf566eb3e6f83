/**
 * How numbers, times, money and names are said on screen. Pure: the caller brings the clock and the currency.
 * Never shows a raw id, millisecond count or micro-unit to a person.
 */

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 days 4 h`: two units at most. */
export function formatDuration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < second) return value < 100 ? `${Math.round(value)} ms` : `${(value / second).toFixed(1)} s`;
  if (value < 10 * second) return `${(Math.floor(value / 100) / 10).toFixed(1)} s`;
  if (value < minute) return `${Math.floor(value / second)} s`;
  const pair = (big: number, bigWord: string, small: number, smallWord: string) => {
    const whole = Math.floor(value / big);
    const rest = Math.floor((value % big) / small);
    return rest === 0 ? `${whole} ${bigWord}` : `${whole} ${bigWord} ${rest} ${smallWord}`;
  };
  if (value < hour) return pair(minute, 'min', second, 's');
  if (value < day) return pair(hour, 'h', minute, 'min');
  return pair(day, Math.floor(value / day) === 1 ? 'day' : 'days', hour, 'h');
}

/** One unit, rounded down: for ages and due times, where more would only flicker. */
export function formatRough(ms: number): string {
  const value = Math.max(0, ms);
  if (value < minute) return `${Math.floor(value / second)} s`;
  if (value < hour) return `${Math.floor(value / minute)} min`;
  if (value < day) return `${Math.floor(value / hour)} h`;
  return plural(Math.floor(value / day), 'day');
}

export function formatRelative(at: number, now: number): string {
  const distance = now - at;
  if (Math.abs(distance) < 5 * second) return 'just now';
  if (distance < 0) return `in ${formatRough(-distance)}`;
  if (distance < 7 * day) return `${formatRough(distance)} ago`;
  return formatDate(at);
}

/** The unit `formatRough` would show. */
function unitOf(ms: number): number {
  if (ms < minute) return second;
  if (ms < hour) return minute;
  return ms < day ? hour : day;
}

/** What is left until a due time, or by how much it is over. */
export function formatDue(dueAt: number, now: number): string {
  const left = dueAt - now;
  return left >= 0 ? `due in ${formatRough(left + unitOf(left) / 2)}` : `overdue by ${formatRough(-left)}`;
}

const dateFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const exactFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

export function formatDate(at: number): string {
  return dateFormat.format(at);
}

export function formatExact(at: number): string {
  return exactFormat.format(at);
}

/** `14:03:07.120` in local time, for the event list. */
export function formatClock(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

const moneyFormats = new Map<string, Intl.NumberFormat>();

function moneyFormat(currency: string, digits: number): Intl.NumberFormat {
  const key = `${currency}/${digits}`;
  const found = moneyFormats.get(key);
  if (found) return found;
  const made = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  moneyFormats.set(key, made);
  return made;
}

/** Micro-units as money. Amounts under ten cents keep four decimals, since model calls cost fractions of a cent. */
export function formatMoney(micros: number, currency: string): string {
  const value = micros / 1_000_000;
  const magnitude = Math.abs(value);
  if (magnitude > 0 && magnitude < 0.0001) return `under ${moneyFormat(currency, 4).format(0.0001)}`;
  return moneyFormat(currency, magnitude > 0 && magnitude < 0.1 ? 4 : 2).format(value);
}

const countFormat = new Intl.NumberFormat('en');

export function formatCount(value: number): string {
  return countFormat.format(value);
}

export function countOf(count: number, word: string, many = `${word}s`): string {
  return `${formatCount(count)} ${count === 1 ? word : many}`;
}

export function formatPercent(share: number): string {
  const percent = share * 100;
  return `${Number.isInteger(percent) ? percent : Number(percent.toFixed(1))} %`;
}

/** Enough of a digest to tell two versions apart at a glance. */
export function shortDigest(digest: string): string {
  return digest.replace(/^[a-z0-9]+:/, '').slice(0, 8);
}

/** `role:finance-lead` → `Finance lead`, `person:ada` → `Ada`. */
export function formatActor(actor: string): string {
  if (actor === 'system') return 'Holdfast';
  if (actor === 'app') return 'somebody at this app';
  if (actor === 'cli') return 'somebody at the terminal';
  if (actor === 'schedule') return 'the schedule';
  const colon = actor.indexOf(':');
  const kind = colon < 0 ? '' : actor.slice(0, colon);
  const name = actor
    .slice(colon + 1)
    .replace(/[-_]+/g, ' ')
    .trim();
  if (name === '') return actor;
  if (kind === 'person') return name.replace(/(^|\s)\p{L}/gu, (letter) => letter.toUpperCase());
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A sentence from elsewhere with its actors named: `went to role:finance-lead` → `went to Finance lead`. */
export function nameActors(text: string): string {
  return text.replace(/\b(?:role|person):[\p{L}\d_-]+/gu, (actor) => formatActor(actor));
}

/** `customerEmail`, `order_id` → `Customer email`, `Order id`: a label for a field that brings none. */
export function formatFieldName(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]+/g, ' ')
    .trim()
    .toLowerCase();
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

export { stepIdOf, visitOf } from '../../shared/run/keys.ts';
