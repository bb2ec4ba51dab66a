import { z } from 'zod';
import type { JsonObject } from '../../../../shared/json.ts';
import { JsonValue } from '../../../../shared/json.ts';
import { readComposeLabels } from './compose-labels.ts';
import { defineOperation, type Argv, type Operation } from './operation.ts';
import { ContainerName, ImageReference } from './parameters.ts';

const nothing = z.strictObject({});

/** Of `--format '{{json .}}'`: one object a line. What is none is left out. */
const jsonLines =
  (key: string) =>
  ([output]: readonly string[]): JsonObject => ({
    [key]: (output ?? '').split('\n').flatMap((line) => {
      try {
        return line.trim() === '' ? [] : [JsonValue.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    }),
  });

const listing = (name: string, title: string, description: string, what: string, argv: Argv): Operation =>
  defineOperation({
    name,
    title,
    description,
    scope: 'container:read',
    risk: 'low',
    parameters: nothing,
    summary: () => `list ${what}`,
    changes: null,
    form: { kind: 'programs', root: false, engine: true, ways: { generic: [() => [argv]] }, parse: jsonLines(what) },
    timeoutS: 30,
  });

const control = (verb: 'start' | 'stop' | 'restart', done: string): Operation =>
  defineOperation({
    name: `container_${verb}`,
    title: `${verb.slice(0, 1).toUpperCase()}${verb.slice(1)} a container`,
    description: `Has the container engine ${verb} one container that is there.`,
    scope: 'container:write',
    risk: 'high',
    parameters: z.strictObject({ container: ContainerName }),
    summary: ({ container }) => `${verb} the container ${container}`,
    changes: ({ container }) => `The container ${container} would be ${done}.`,
    names: ({ container }) => [{ kind: 'container', name: container }],
    form: {
      kind: 'programs',
      root: false,
      engine: true,
      ways: { generic: [({ container }) => [['docker', 'container', verb, '--', container]]] },
    },
    timeoutS: 120,
  });

/** Containers, images and networks of the target’s container engine. */
export const containerOperations: readonly Operation[] = [
  listing('container_list', 'List containers', 'All containers of the target, running or not.', 'containers', [
    'docker',
    'container',
    'ls',
    '--all',
    '--no-trunc',
    '--format',
    '{{json .}}',
  ]),
  listing('image_list', 'List images', 'The images that the target has.', 'images', [
    'docker',
    'image',
    'ls',
    '--no-trunc',
    '--format',
    '{{json .}}',
  ]),
  listing('network_list', 'List container networks', 'The networks of the target’s container engine.', 'networks', [
    'docker',
    'network',
    'ls',
    '--no-trunc',
    '--format',
    '{{json .}}',
  ]),
  control('start', 'started'),
  control('stop', 'stopped'),
  control('restart', 'stopped and started'),
  defineOperation({
    name: 'update_docker_container',
    title: 'Update a container',
    description:
      'Fetches the newest image of a container that docker compose made, and has compose make the container anew from it. Always put to the operator.',
    scope: 'container:admin',
    risk: 'critical',
    parameters: z.strictObject({ container: ContainerName }),
    summary: ({ container }) => `update the container ${container} to its newest image`,
    changes: ({ container }) => `The image of ${container} would be fetched, and the container removed and made anew from it.`,
    names: ({ container }) => [{ kind: 'container', name: container }],
    form: {
      kind: 'programs',
      root: false,
      engine: true,
      inspect: ({ container }) => ({
        argv: ['docker', 'container', 'inspect', '--format', '{{json .Config}}', '--', container],
        read: readComposeLabels,
      }),
      ways: {
        generic: [
          (_args, { project = '', folder = '', service = '', files = '', image = '' }) => {
            const compose: Argv = [
              'docker',
              'compose',
              `--project-name=${project}`,
              `--project-directory=${folder}`,
              ...files.split('\n').map((file) => `--file=${file}`),
            ];
            return [
              ['docker', 'image', 'pull', '--', image],
              [...compose, 'up', '--detach', '--no-deps', '--no-build', '--pull=never', '--', service],
            ];
          },
        ],
      },
    },
    timeoutS: 1800,
  }),
  defineOperation({
    name: 'pull_docker_image',
    title: 'Pull an image',
    description: 'Fetches an image from its registry. Always put to the operator.',
    scope: 'docker:admin',
    risk: 'critical',
    parameters: z.strictObject({ image: ImageReference }),
    summary: ({ image }) => `fetch the image ${image}`,
    changes: ({ image }) => `The image ${image} would be fetched from its registry and kept on the target.`,
    form: {
      kind: 'programs',
      root: false,
      engine: true,
      ways: { generic: [({ image }) => [['docker', 'image', 'pull', '--', image]]] },
    },
    timeoutS: 1800,
  }),
];
