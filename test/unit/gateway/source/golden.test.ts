import { readObjects } from '../../../../gateway/source/read.ts';
import { ENV } from '../../../support/configuration.ts';
import { testGoldens } from '../../../support/golden.ts';

const line = (text: string, ...more: readonly (string | undefined)[]): string =>
  [text, ...more].filter((part) => part !== undefined).join(' ');

testGoldens('test/golden/source', (input, name) => {
  const { objects, problems, keep } = readObjects(`${name}.yaml`, input, ENV);
  return {
    objects: [...objects.values()].map(({ object }) => object),
    problems: problems.map((problem) =>
      line(
        `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: [${problem.rule}]`,
        problem.object,
        problem.field && `(${problem.field})`,
        problem.message,
      ),
    ),
    keep: keep === 'all' ? keep : [...keep],
  };
});
