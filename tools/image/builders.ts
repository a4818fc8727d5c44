import { spawnSync } from 'node:child_process';

/** A program that builds an image from the Dockerfile. */
export interface Builder {
  readonly name: string;
  /** Ends well where it can be used. */
  readonly probe: readonly string[];
  /** The commands after which `archive` holds the image. */
  readonly commands: (image: string, archive: string) => readonly (readonly string[])[];
}

const DOCKERFILE = ['--file', 'gateway/Dockerfile'];

/** In the order in which they are tried. */
export const BUILDERS: readonly Builder[] = [
  {
    name: 'docker',
    // The client alone is no use.
    probe: ['docker', 'version'],
    commands: (image, archive) => [
      ['docker', 'build', ...DOCKERFILE, '--tag', image, '.'],
      ['docker', 'save', '--output', archive, image],
    ],
  },
  {
    name: 'podman',
    probe: ['podman', 'info'],
    commands: (image, archive) => [
      ['podman', 'build', ...DOCKERFILE, '--tag', image, '.'],
      ['podman', 'save', '--format', 'oci-archive', '--output', archive, image],
    ],
  },
  {
    name: 'buildah',
    probe: ['buildah', 'info'],
    commands: (image, archive) => [
      ['buildah', 'build', ...DOCKERFILE, '--tag', image, '.'],
      ['buildah', 'push', image, `oci-archive:${archive}:${image}`],
    ],
  },
];

const PROBE_TIMEOUT = 20_000;

export const usable = ({ probe: [command = '', ...args] }: Builder): boolean => {
  const { status } = spawnSync(command, args, { stdio: 'ignore', timeout: PROBE_TIMEOUT });
  return status === 0;
};
