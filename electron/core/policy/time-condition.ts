import { Weekday, type TimeSpan } from '../../../shared/domain/policy-conditions.ts';
import type { PathInDocument } from '../yaml/yaml-document.ts';

/** Whether an instant, in milliseconds, lies in one of the spans; null when it is no instant at all. */
export type TimeTest = (now: number) => boolean | null;

interface WallClock {
  readonly day: Weekday;
  /** Since midnight, by the clock on the wall. */
  readonly minutes: number;
}

const DAYS = Weekday.options;

/**
 * Spans by the wall clock of their zone. Intl knows when that clock is set forward or back: a time that is skipped holds nothing, one that comes
 * twice holds twice.
 */
export function compileTimes(
  spans: readonly TimeSpan[],
  clocks: ZoneClocks,
  refuse: (path: PathInDocument, message: string) => void,
): TimeTest {
  const tests = spans.map((span, at) => {
    const clock = clocks(span.zone);
    if (clock === null) refuse([at, 'zone'], `there is no time zone called \`${span.zone ?? ''}\`; use a name such as Europe/Berlin`);
    return clock === null ? () => false : spanTest(span, clock);
  });
  return (now) => (Number.isFinite(now) && Math.abs(now) <= LAST_INSTANT ? tests.some((test) => test(now)) : null);
}

/** Of a JavaScript Date. */
const LAST_INSTANT = 8.64e15;

function spanTest({ days, from, to }: TimeSpan, clock: (now: number) => WallClock): (now: number) => boolean {
  const [start, end] = [minutesOf(from), minutesOf(to)];
  const isOn = (day: Weekday) => days?.includes(day) ?? true;
  if (start < end) {
    return (now) => {
      const { day, minutes } = clock(now);
      return minutes >= start && minutes < end && isOn(day);
    };
  }
  // Over midnight: the hours after it belong to the day before.
  return (now) => {
    const { day, minutes } = clock(now);
    return (minutes >= start && isOn(day)) || (minutes < end && isOn(dayBefore(day)));
  };
}

const minutesOf = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

const dayBefore = (day: Weekday): Weekday => DAYS[(DAYS.indexOf(day) + 6) % 7] ?? day;

/** The wall clock of a zone; null when nobody knows it. */
export type ZoneClocks = (zone: string | undefined) => ((now: number) => WallClock) | null;

/** One clock for each zone, shared by the rules of a file: reading one costs more than all else that a rule does. */
export function createZoneClocks(): ZoneClocks {
  const made = new Map<string | undefined, ReturnType<ZoneClocks>>();
  return (zone) => {
    const known = made.get(zone);
    if (known !== undefined) return known;
    const clock = wallClock(zone);
    made.set(zone, clock);
    return clock;
  };
}

/** Null when nobody knows the zone. Remembers the last minute, which is all that a policy with hundreds of spans asks about at once. */
function wallClock(zone: string | undefined): ((now: number) => WallClock) | null {
  let format: Intl.DateTimeFormat;
  try {
    const parts = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-US', zone === undefined ? parts : { ...parts, timeZone: zone });
  } catch {
    return null;
  }
  let lastMinute = Number.NaN;
  let last: WallClock = { day: 'mon', minutes: 0 };
  return (now) => {
    const minute = Math.floor(now / 60_000);
    if (minute !== lastMinute) {
      last = read(format, now);
      lastMinute = minute;
    }
    return last;
  };
}

function read(format: Intl.DateTimeFormat, now: number): WallClock {
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return {
    day: Weekday.parse(parts.get('weekday')?.toLowerCase()),
    minutes: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}
