import { resolve } from '../../../../gateway/resolve/resolve.ts';
import { resourcesOf } from '../../../support/configuration.ts';
import { testGoldens } from '../../../support/golden.ts';
import { printResolution } from '../../../support/print-resolution.ts';

testGoldens('test/golden/resolve', (input) => printResolution(resolve(resourcesOf(input))));
