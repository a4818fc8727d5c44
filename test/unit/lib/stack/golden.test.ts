import { VERSION } from '../../../../lib/core/version.ts';
import { problems, synth } from '../../../support/charts.ts';
import { appOf } from '../../../support/describe-app.ts';
import { testGoldens } from '../../../support/golden.ts';

/** A release changes no golden. */
const withoutVersion = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll(`"${VERSION}"`, '"(version)"'));

testGoldens('test/golden/lib', (input) => {
  try {
    const app = appOf(input);
    const refused = problems(app);
    return refused.length > 0 ? { refused } : withoutVersion(synth(app));
  } catch (error) {
    // What fails where it is written, not at synth.
    return { thrown: (error as Error).message };
  }
});
