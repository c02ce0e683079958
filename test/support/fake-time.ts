import sinon from 'sinon';

/** A fake clock for timers, dates and monotonic time; sockets, streams and `process.nextTick` stay real. Restore it after the test. */
export const fakeTime = (): sinon.SinonFakeTimers =>
  sinon.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
      'Date',
      'performance',
    ],
  });
