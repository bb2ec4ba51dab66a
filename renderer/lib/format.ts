const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `4:12`, or `0:00` once it is over. Takes milliseconds. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A length of time in words short enough for a table. Takes milliseconds. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return withRest(ms, MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return withRest(ms, HOUR, 'h', MINUTE, 'min');
  return withRest(ms, DAY, 'd', HOUR, 'h');
}

function withRest(ms: number, unit: number, name: string, restUnit: number, restName: string): string {
  const whole = Math.floor(ms / unit);
  const rest = Math.floor((ms % unit) / restUnit);
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${restName}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const full = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});
const day = new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: 'short', day: 'numeric' });

/** The whole instant, for hovering. Takes an ISO instant. */
export function absoluteTime(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : full.format(at);
}

/** `12:04:31`, for the status strip. */
export function clockTime(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : clock.format(at);
}

/** Relative under a day, the date beyond it; also for instants that are still to come. */
export function relativeTime(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  const distance = Math.abs(now - at);
  if (distance >= DAY && at <= now) return day.format(at);
  if (distance >= 2 * DAY) return `in ${Math.round(distance / DAY)} d`;
  if (distance < 5 * SECOND) return 'now';
  const words = coarse(distance);
  return at <= now ? `${words} ago` : `in ${words}`;
}

function coarse(ms: number): string {
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`;
  return `${Math.round(ms / HOUR)} h`;
}

const grouped = new Intl.NumberFormat('en-US');

/** `1,204`. */
export const count = (value: number): string => grouped.format(value);

/** `1,204 calls`, `1 call`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `812 B`, `4.1 kB`, `2.3 MB`; decimal units. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  if (value < 1_000_000) return `${trim(value / 1000)} kB`;
  if (value < 1_000_000_000) return `${trim(value / 1_000_000)} MB`;
  return `${trim(value / 1_000_000_000)} GB`;
}

const trim = (value: number): string => (value < 10 ? value.toFixed(1) : Math.round(value).toString());

/** The name by which the operator knows a target. */
export const targetName = (target: string): string => (target === 'local' ? 'this laptop' : target);
