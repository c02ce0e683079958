import { expect } from 'chai';
import Mocha from 'mocha';
import { hasDotnet, needsDotnet } from '../support/dotnet.ts';
import { type CheckResult, pluginBuild, runChecks } from '../support/plugin-harness.ts';

/** A test that says what the harness found out already. */
function testOf({ check, ok, message }: CheckResult): Mocha.Test {
  const test = new Mocha.Test(ok === null ? `${check} [skipped: ${message}]` : check, function (this: Mocha.Context) {
    if (ok === null) this.skip();
    expect(ok, message).to.equal(true);
  });
  test.file = import.meta.filename;
  return test;
}

describe(`the plugin in a host${hasDotnet ? '' : needsDotnet}`, function () {
  this.timeout(600_000);
  let results: readonly CheckResult[] = [];
  let errors = '';
  before(async function () {
    if (!hasDotnet) this.skip();
    ({ results, errors } = await runChecks(await pluginBuild()));
    // The tests of this suite are read after its hooks, so each check becomes one of them.
    for (const result of results) this.test?.parent?.addTest(testOf(result));
  });

  it('is checked from loading to uninstalling', () => {
    const figures = results.map(({ check, figures }) => `${check}: ${JSON.stringify(figures)}`);
    expect(results.length, `${errors}\n${figures.join('\n')}`).to.be.greaterThan(40);
  });
});
