import { setFlagsFromString } from 'node:v8';
import { readObjects } from '../../gateway/source/read.ts';
import { Store } from '../../gateway/store/store.ts';
import type { Resources } from '../../lib/api/objects.ts';
import { enableLinearRegExp } from '../../lib/cel/regexp.ts';

// As the gateway does at its start.
enableLinearRegExp(setFlagsFromString);

/** Environment of the goldens: what `${VAR}` in their Secrets expands to. */
export const ENV = { GITHUB_PAT: 'github_pat_secret' };

/** The objects of a YAML text, which must be free of problems. */
export const resourcesOf = (text: string): Resources => {
  const { objects, problems } = readObjects('input.yaml', text, ENV);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const store = new Store();
  store.apply([...objects.values()].map((resource) => ({ type: 'put', resource })));
  return store.resources();
};
