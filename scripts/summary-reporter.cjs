'use strict';
// A line per folder of tests (per file where one takes long) and each failure as it happens, so that what failed is not lost among
// thousands of lines; at the end the failures in full, and one plain line that counts. `npm test -- --reporter spec` names every test.
const path = require('node:path');
const { reporters, Runner } = require('mocha');

const { EVENT_RUN_END, EVENT_TEST_END, EVENT_TEST_FAIL } = Runner.constants;

// Taken now: tests put a fake clock in its place.
const RealDate = Date;

/** @param {string | undefined} file @returns {string} the folder below `test` that a test's file lies in; the file itself where each takes long. */
function placeOf(file) {
  if (file === undefined) return '(none)';
  const place = path.relative(path.join(__dirname, '../test'), file);
  return /^(?:e2e|plugin)\b/.test(place) ? place : path.dirname(place);
}

class FolderReporter extends reporters.Base {
  #folder;
  #tests = 0;
  #began = RealDate.now();

  constructor(runner, options) {
    super(runner, options);
    runner.on(EVENT_TEST_END, (test) => {
      const folder = placeOf(test.file);
      if (folder !== this.#folder) this.#closeFolder(folder);
      this.#tests += 1;
    });
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      process.stdout.write(`FAILED ${path.relative(process.cwd(), test.file ?? '')}: ${test.fullTitle()}\n  ${String(error?.message).split('\n', 3).join('\n  ')}\n`);
    });
    runner.once(EVENT_RUN_END, () => {
      this.#closeFolder(undefined);
      this.epilogue();
    });
  }

  #closeFolder(next) {
    const now = RealDate.now();
    if (this.#folder !== undefined) process.stdout.write(`${this.#folder}: ${this.#tests} tests in ${((now - this.#began) / 1000).toFixed(1)} s\n`);
    this.#folder = next;
    this.#tests = 0;
    this.#began = now;
  }
}

class SummaryReporter extends FolderReporter {
  constructor(runner, options) {
    super(runner, options);
    let isOver = false;
    runner.once(EVENT_RUN_END, () => {
      isOver = true;
    });
    // After the epilogue, which is printed at the end of the run; and also when mocha itself breaks off: an error that nobody caught, of a
    // test that ends later, is such a case.
    process.once('exit', () => {
      const { passes, failures, pending } = this.stats;
      const end = isOver ? '' : ' (the run broke off)';
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped${end}\n`);
    });
  }
}

module.exports = SummaryReporter;
