import { describe, expect, test } from '@jest/globals';
import { PORTS } from '../../../../lib/api/ports.ts';
import { distDashboards, provisioning, questions } from '../../../support/stack/questions.ts';

/** Grafana of dist/: what it is provisioned with. What the questions are answered with is shown by make integration. */
interface DataSource {
  readonly uid: string;
  readonly url: string;
  readonly isDefault: boolean;
  readonly jsonData: unknown;
}

const { datasources } = provisioning('datasources.yaml') as { readonly datasources: readonly DataSource[] };

describe('data sources', () => {
  test('are those of the post, one of them the default', () => {
    expect(datasources.map(({ uid, url, isDefault }) => [uid, url, isDefault])).toEqual([
      ['prometheus', `http://kube-prometheus-stack-prometheus.telemetry:${PORTS.prometheus}`, true],
      ['tempo', `http://tempo.telemetry.svc.cluster.local:${PORTS.tempoHttp}`, false],
    ]);
  });

  test('lead to one another, and to nobody else', () => {
    const uids = [...JSON.stringify(datasources).matchAll(/"datasourceUid":"([^"]+)"/g)].map(([, uid]) => uid);
    expect(uids.sort()).toEqual(['prometheus', 'prometheus', 'tempo']);
  });
});

describe('dashboards', () => {
  const dashboards = distDashboards();

  test('have addresses of their own', () => {
    expect(dashboards.map(({ uid }) => uid).sort()).toEqual([
      'tooltrail-callers',
      'tooltrail-gateways',
      'tooltrail-one-tool',
      'tooltrail-pipeline',
      'tooltrail-sessions',
      'tooltrail-tool-calls',
    ]);
  });

  test.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
    '%s: panels do not overlap',
    (_, { panels }) => {
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (__, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(panels.every(({ gridPos }) => gridPos.x + gridPos.w <= 24)).toBe(true);
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    },
  );

  test('ask data sources that are there', () => {
    const known = datasources.map(({ uid }) => uid);
    expect(questions().filter(({ source }) => !known.includes(source))).toEqual([]);
  });
});
