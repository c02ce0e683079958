'use strict';
// Mocha's spec reporter, closed by one plain line that says how many tests passed, failed and were skipped.
const { reporters } = require('mocha');

class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      // After the epilogue, which the base class prints on the same event.
      process.once('exit', () => {
        const { passes, failures, pending } = this.stats;
        process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
      });
    });
  }
}

module.exports = SummaryReporter;
