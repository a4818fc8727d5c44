import type { App } from 'cdk8s';
import { problems, synth } from '../../../support/charts.ts';
import { testGoldens } from '../../../support/golden.ts';
import { COLLECTOR_GOLDENS, optionsOf, TEMPO_GOLDENS } from '../../../support/stack/cases.ts';
import { type CollectorOptions, collectorApp, type TempoOptions, tempoApp } from '../../../support/stack/configs.ts';

/** What the constructs write for options, or refuse. Each configuration that is written goes through the real program in the integration tests. */
const outcome = (app: App): unknown => {
  const refused = problems(app);
  return refused.length > 0 ? { refused } : synth(app);
};

testGoldens(COLLECTOR_GOLDENS, (input) => outcome(collectorApp(optionsOf(input) as CollectorOptions)));
testGoldens(TEMPO_GOLDENS, (input) => outcome(tempoApp(optionsOf(input) as TempoOptions)));
