/** A text as it must stand in a Collector's configuration, where `$` begins a variable. Source: OpenTelemetry Collector, confmap. */
export const literal = (text: string): string => text.replaceAll('$', '$$$$');

/** The value of an environment variable, in a Collector's configuration. */
export const variable = (name: string): string => `\${env:${name}}`;
