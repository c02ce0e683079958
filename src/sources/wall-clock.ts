import { offsetSecondsAt } from './panel-zone.ts';

/** The digits of a moment on the clock of a zone, each with its leading zeros. */
export interface ClockDigits {
  readonly Y: string;
  readonly m: string;
  readonly d: string;
  readonly H: string;
  readonly M: string;
  readonly S: string;
}

/** What a clock of the zone (UTC when absent) shows at a moment, with the summer time of that moment. */
export function clockAt(unix: number, zone: string | undefined): ClockDigits {
  const whole = Math.floor(unix);
  const text = new Date((whole + offsetSecondsAt(zone, whole)) * 1000).toISOString();
  return {
    Y: text.slice(0, 4),
    m: text.slice(5, 7),
    d: text.slice(8, 10),
    H: text.slice(11, 13),
    M: text.slice(14, 16),
    S: text.slice(17, 19),
  };
}
