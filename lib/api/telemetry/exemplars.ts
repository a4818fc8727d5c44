/** Labels of exemplars, once: the gateway writes them, Tempo does in its metrics of spans, and Grafana finds traces by them. Source: OpenMetrics. */
export const EXEMPLAR_LABELS = { traceId: 'trace_id', spanId: 'span_id' } as const;
