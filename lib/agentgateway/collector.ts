import type { Construct } from 'constructs';

/** A Service in the cluster that receives OTLP: what a tracing policy sends its spans to. */
export interface OtlpCollector {
  /** Namespace of the Service. */
  readonly namespace: string;
  /** Name of the Service: its DNS name is `<serviceName>.<namespace>.svc.cluster.local`. */
  readonly serviceName: string;
  /** Port of the Service that receives OTLP over gRPC. */
  readonly grpcPort: number;
  /** Port of the Service that receives OTLP over HTTP. */
  readonly httpPort: number;
  /**
   * Where the ReferenceGrant is written that a policy of another namespace needs: the collector's own chart, because the owner of the
   * target grants access. Any construct inside a chart will do.
   */
  readonly grantScope: Construct;
  /**
   * Name of that ReferenceGrant.
   *
   * @default `allow-<serviceName>-access`
   */
  readonly grantName?: string;
}
