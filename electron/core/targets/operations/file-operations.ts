import { z } from 'zod';
import { defineOperation, type Operation } from './operation.ts';
import { WorkspacePath } from './parameters.ts';

/** Files of a target. On this machine they are the token's workspaces, through the file tools' own path: nothing else is in reach. */
export const fileOperations: readonly Operation[] = [
  defineOperation({
    name: 'file_operations',
    title: 'Look at files of a target',
    description: 'Lists a folder, reads a text file, or searches files of the target. On this machine: within the token’s workspaces only.',
    scope: 'file:read',
    risk: 'high',
    parameters: z.strictObject({
      action: z.enum(['list', 'read', 'search']),
      path: WorkspacePath,
      pattern: z.string().min(1).max(1000).optional().describe('For search: what to look for.'),
    }),
    summary: ({ action, path }) => `${action} ${path}`,
    changes: null,
    form: {
      kind: 'files',
      call: ({ action, path, pattern }) => {
        if (action === 'search') return { tool: 'file_search', args: { path, pattern: pattern ?? '' } };
        return { tool: action === 'list' ? 'file_list' : 'file_read', args: { path } };
      },
    },
    timeoutS: 60,
  }),
];
