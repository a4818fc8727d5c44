/** What a run without a part of the stack cannot show. The part is named as its workload is, after the release. */
const PROVES = {
  grafana:
    'that Prometheus scrapes it, that the password of its Secret opens it, that both data sources answer, that the trace is found through its proxy, that it loads the dashboards',
  'kube-state-metrics': 'that Prometheus scrapes it, and that what it counts is there',
  'prometheus-node-exporter': 'that Prometheus scrapes it on every node',
} as const;

export type Part = keyof typeof PROVES;

/** The parts that E2E_WITHOUT names, separated by commas. @throws {Error} for one that no test can do without */
export const leftOut = (env: Readonly<Record<string, string | undefined>>): readonly Part[] =>
  (env.E2E_WITHOUT ?? '')
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      if (Object.hasOwn(PROVES, name)) return name as Part;
      throw new Error(`E2E_WITHOUT: no part ${name} that can be left out; there are ${Object.keys(PROVES).join(', ')}`);
    });

/** Says it, for the result. */
export const notProven = (part: Part): string => `without ${part}: not shown ${PROVES[part]}`;
