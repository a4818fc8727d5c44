import { Construct } from 'constructs';
import { VERSION } from '../../core/version.ts';
import { type Component, digest, metadataOf, RESTRICTED, resources, serviceAccount, write } from '../component.ts';

export interface GrafanaPasswordProps {
  readonly namespace: string;
  /** Name of the Secret, which Grafana writes without data. */
  readonly secretName: string;
  /** Release that the labels name. */
  readonly instance: string;
  /**
   * Image of tooltrail.
   *
   * @default - `tooltrail/tooltrail:<version of this package>`
   */
  readonly image?: string;
}

/** User and group of the process. */
const USER = 10101;
const RBAC = 'rbac.authorization.k8s.io';

/**
 * A Job that gives Grafana's administrator a random password, once: it may read and write that one Secret, and leaves keys that have a value
 * alone. So the password is in no manifest, and stays what it is when manifests are applied again.
 */
export class GrafanaPassword extends Construct {
  constructor(scope: Construct, id: string, props: GrafanaPasswordProps) {
    super(scope, id);
    const { namespace, secretName, instance, image = `tooltrail/tooltrail:${VERSION}` } = props;
    const component: Component = { namespace, name: `${secretName}-password`, app: 'grafana-password', instance };
    const metadata = metadataOf(component);
    const args = [
      'fill-secret',
      `${namespace}/${secretName}`,
      '--value',
      'admin-user=admin',
      '--random',
      'admin-password',
    ];
    const pod = {
      serviceAccountName: component.name,
      automountServiceAccountToken: true,
      enableServiceLinks: false,
      restartPolicy: 'OnFailure',
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'fill-secret',
          image,
          imagePullPolicy: 'IfNotPresent',
          args,
          resources: resources('10m', '64Mi', '128Mi'),
          securityContext: RESTRICTED,
        },
      ],
    };
    write(this, serviceAccount(component));
    write(this, {
      apiVersion: `${RBAC}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: [secretName], verbs: ['get', 'update'] }],
    });
    write(this, {
      apiVersion: `${RBAC}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: component.name },
      subjects: [{ kind: 'ServiceAccount', name: component.name, namespace }],
    });
    write(this, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      // A Job's pods cannot be changed: another pod is another Job.
      metadata: metadataOf(component, `${component.name}-${digest(JSON.stringify(pod)).slice(0, 8)}`),
      spec: { backoffLimit: 10, template: { metadata: { labels: metadata.labels }, spec: pod } },
    });
  }
}
