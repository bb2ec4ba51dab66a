import type { Files } from '../ports/files.ts';
import { createFileList } from './file-list.ts';
import { createFileRead } from './file-read.ts';
import { createFileSearch } from './file-search.ts';
import { createFileEdit, createFileWrite } from './file-write.ts';
import type { ToolDefinition } from './tool.ts';

/** The five tools over files. They see nothing but the token's workspaces. */
export const createFileTools = ({ files }: { readonly files: Files }): readonly ToolDefinition[] => [
  createFileRead(files),
  createFileList(files),
  createFileSearch(files),
  createFileWrite(files),
  createFileEdit(files),
];
