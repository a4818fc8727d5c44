import { compile } from '../../../../gateway/compile/compile.ts';
import { printSnapshot } from '../../../../gateway/compile/print.ts';
import { resolve } from '../../../../gateway/resolve/resolve.ts';
import { findings, renderFinding } from '../../../../gateway/status/findings.ts';
import { resourcesOf } from '../../../support/configuration.ts';
import { testGoldens } from '../../../support/golden.ts';
import { resolveOptions } from '../../../support/resolve-options.ts';

testGoldens('test/golden/compile', (input) => {
  const { snapshot, statuses } = compile(resolve(resourcesOf(input), resolveOptions(input)), 1);
  return {
    snapshot: printSnapshot(snapshot),
    findings: findings([], statuses, () => undefined).map(renderFinding),
  };
});
