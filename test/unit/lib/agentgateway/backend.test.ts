import { describe, expect, test } from '@jest/globals';
import { AgentgatewayBackend } from '../../../../lib/agentgateway/backend.ts';
import type { McpTargetProps } from '../../../../lib/agentgateway/mcp-target.ts';
import { SecretReference } from '../../../../lib/core/secret.ts';
import { charts, find, problems, synth } from '../../../support/charts.ts';

const target = { name: 't', host: 'mcp.example.com', port: 443 };

const refused = (props: Partial<McpTargetProps>): readonly string[] => {
  const { app, in: chart } = charts('apps');
  new AgentgatewayBackend(chart.apps, 'b', { targets: [{ ...target, ...props }] });
  return problems(app);
};

describe('AgentgatewayBackend', () => {
  test('writes only what was said: no TLS, no credential', () => {
    const { app, in: chart } = charts('apps');
    new AgentgatewayBackend(chart.apps, 'b', { targets: [target] });
    expect(synth(app)).toEqual([
      {
        apiVersion: 'agentgateway.dev/v1alpha1',
        kind: 'AgentgatewayBackend',
        metadata: { name: 'b', namespace: 'apps' },
        spec: {
          mcp: {
            targets: [{ name: 't', static: { host: 'mcp.example.com', port: 443, protocol: 'StreamableHTTP' } }],
          },
        },
      },
    ]);
  });

  test('TLS and a Secret key; the key Authorization is the default and stays unsaid', () => {
    const { app, in: chart } = charts('apps');
    const secret = new SecretReference(chart.apps, 's', { keys: ['Authorization', 'token'] });
    const backend = new AgentgatewayBackend(chart.apps, 'b');
    backend.addTarget({ ...target, tls: {}, auth: secret.key('Authorization') });
    backend.addTarget({
      ...target,
      name: 'u',
      path: '/mcp/',
      tls: { sni: 'x.example.com' },
      auth: secret.key('token'),
    });
    expect(find(synth(app), 'AgentgatewayBackend', 'b').spec).toMatchObject({
      mcp: {
        targets: [
          { static: { policies: { tls: {}, auth: { secretRef: { name: 's' } } } } },
          {
            static: {
              path: '/mcp/',
              policies: { tls: { sni: 'x.example.com' }, auth: { secretRef: { name: 's', key: 'token' } } },
            },
          },
        ],
      },
    });
    expect(JSON.stringify(find(synth(app), 'AgentgatewayBackend', 'b').spec)).not.toContain('"key":"Authorization"');
    expect(backend.secretKeys.map(({ key }) => key)).toEqual(['Authorization', 'token']);
  });

  test('a Secret of another namespace cannot be referred to', () => {
    const { app, in: chart } = charts('apps', 'vault');
    const secret = new SecretReference(chart.vault, 's', { keys: ['Authorization'] });
    new AgentgatewayBackend(chart.apps, 'b', { targets: [{ ...target, auth: secret.key('Authorization') }] });
    expect(problems(app)).toEqual([
      '[apps/b] target "t": auth: Secret vault/s must be in the backend\'s namespace apps: a backend refers to a Secret by name only',
    ]);
  });

  test.each(['mcp.example.com', 'localhost', '10.0.0.1', '::1', 'fd00:ec2::254', 'a'])('takes host %s', (host) =>
    expect(refused({ host })).toEqual([]),
  );

  test.each(['https://mcp.example.com', 'mcp.example.com:443', 'mcp.example.com/mcp', 'a b', '-x', '[::1]', 'ex\n'])(
    'refuses host %j',
    (host) =>
      expect(refused({ host })).toEqual([
        `[apps/b] target "t": host ${JSON.stringify(host)} is no host name or IP address: leave out scheme, port and path`,
      ]),
  );

  test.each<[Partial<McpTargetProps>, RegExp]>([
    [{ port: 70_000 }, /^\[apps\/b\] spec\.mcp\.targets\[0\]\.static\.port: 70000 is not from 1 to 65535$/],
    [{ name: 'git_hub' }, /^\[apps\/b\] spec\.mcp\.targets\[0\]\.name: "git_hub" is no name/],
    [{ path: 'mcp' }, /^\[apps\/b\] target "t": path "mcp" must begin with "\/"$/],
    [{ tls: { sni: 'a b' } }, /^\[apps\/b\] spec\.mcp\.targets\[0\]\.static\.policies\.tls\.sni: "a b" is no name/],
  ])('refuses %j', (props, message) => expect(refused(props)).toEqual([expect.stringMatching(message)]));

  test('needs a target, and each by a name of its own', () => {
    const { app, in: chart } = charts('apps');
    new AgentgatewayBackend(chart.apps, 'none');
    new AgentgatewayBackend(chart.apps, 'twins', { targets: [target, target] });
    expect(problems(app)).toEqual([
      '[apps/none] spec.mcp.targets: has 0 items, at least 1 are needed',
      '[apps/twins] spec.mcp.targets: name "t" is there twice',
    ]);
  });
});
