import { Construct } from 'constructs';
import { PORTS } from '../../api/ports.ts';
import { type Component, RESTRICTED, service, serviceAccount, workload, write } from '../component.ts';
import { type PartProps, partProblems, placementOf } from '../pods/part.ts';
import { resourcesOf } from '../pods/resources.ts';

export interface NodeExporterOptions extends PartProps {
  /**
   * Image of node-exporter.
   *
   * @default 'quay.io/prometheus/node-exporter:v1.9.1'
   */
  readonly image?: string;
}

export interface NodeExporterProps extends NodeExporterOptions {
  readonly namespace: string;
  /** Name of all objects. */
  readonly name: string;
  /** Release that the labels name. */
  readonly instance: string;
}

/** The image's own user. */
const USER = 65534;
/** Port name, which the ServiceMonitor selects. */
const PORT = 'http-metrics';

/** Label of its Service that names the job of the metrics, as the chart has it. */
export const JOB_LABEL = 'jobLabel';

/** Metrics of every node: it reads the host's /proc, /sys and root read-only, hence the host's network and processes. */
export class NodeExporter extends Construct {
  /** Labels of its Service, for a ServiceMonitor. */
  readonly component: Component;

  constructor(scope: Construct, id: string, props: NodeExporterProps) {
    super(scope, id);
    const { namespace, name, instance } = props;
    const component: Component = { namespace, name, app: 'prometheus-node-exporter', instance };
    this.component = component;
    const health = { httpGet: { path: '/', port: PORT } };
    write(this, serviceAccount(component));
    const own = service(component, [{ name: PORT, port: PORTS.nodeExporter }]);
    const labels = { ...own.metadata.labels, [JOB_LABEL]: 'node-exporter' };
    write(this, { ...own, metadata: { ...own.metadata, labels } });
    write(
      this,
      workload(component, {
        kind: 'DaemonSet',
        user: USER,
        pod: {
          serviceAccountName: name,
          hostNetwork: true,
          hostPID: true,
          tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
          ...placementOf({ ...props, nodeSelector: { 'kubernetes.io/os': 'linux', ...props.nodeSelector } }),
          containers: [
            {
              name: 'node-exporter',
              image: props.image ?? 'quay.io/prometheus/node-exporter:v1.9.1',
              imagePullPolicy: 'IfNotPresent',
              args: [
                '--path.procfs=/host/proc',
                '--path.sysfs=/host/sys',
                '--path.rootfs=/host/root',
                `--web.listen-address=:${PORTS.nodeExporter}`,
              ],
              ports: [{ name: PORT, containerPort: PORTS.nodeExporter }],
              livenessProbe: health,
              readinessProbe: health,
              resources: resourcesOf({ cpu: '20m', memory: '32Mi', memoryLimit: '128Mi', ...props.resources }),
              securityContext: RESTRICTED,
              volumeMounts: [
                { name: 'proc', mountPath: '/host/proc', readOnly: true },
                { name: 'sys', mountPath: '/host/sys', readOnly: true },
                { name: 'root', mountPath: '/host/root', readOnly: true, mountPropagation: 'HostToContainer' },
              ],
            },
          ],
          volumes: [
            { name: 'proc', hostPath: { path: '/proc' } },
            { name: 'sys', hostPath: { path: '/sys' } },
            { name: 'root', hostPath: { path: '/' } },
          ],
        },
      }),
    );
    this.node.addValidation({ validate: () => [...partProblems(props)] });
  }
}
