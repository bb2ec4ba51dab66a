import { z } from 'zod';
import { AppError } from '../../../../shared/errors.ts';
import type { Facts } from './operation.ts';
import { ImageReference } from './parameters.ts';

const label = (name: string): string => `com.docker.compose.${name}`;
const Name = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,127}$/i);
const Path = z.string().regex(/^\/[^\0\n\r,]{0,4000}$/);

const Config = z.object({
  Image: ImageReference,
  Labels: z.object({
    [label('project')]: Name,
    [label('service')]: Name,
    [label('project.working_dir')]: Path,
    [label('project.config_files')]: z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(Path).min(1).max(20)),
  }),
});

/**
 * What docker compose wrote on a container that it made, from `docker container inspect`. SECURITY: whoever made the container chose these texts,
 * so each is read by a pattern of its own; the files that they name are hashed and shown. Errors: `invalid_input` for any other container.
 */
export const readComposeLabels = (output: string): Facts => {
  const config = Config.safeParse(parsed(output));
  if (!config.success)
    throw new AppError(
      'invalid_input',
      'The container was not made by docker compose from files that can be named, so nobody knows how to make it anew. Nothing was changed.',
    );
  const { Image: image, Labels: labels } = config.data;
  return {
    image,
    project: labels[label('project')] as string,
    service: labels[label('service')] as string,
    folder: labels[label('project.working_dir')] as string,
    files: (labels[label('project.config_files')] as string[]).join('\n'),
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
