import { describeChangeFiles } from './change-files-contract.ts';
import { createFakeChangeFiles } from './fake-change-files.ts';

describeChangeFiles('the fake', () => {
  const files = createFakeChangeFiles();
  return {
    files,
    workspace: '/workspace',
    put: (path, version) => {
      if (version === 'directory') files.tree.set(path, { type: 'directory', mode: 0o755 });
      else if ('target' in version) files.tree.set(path, { type: 'symlink', target: version.target });
      else files.putFile(path, version.content, version.mode);
    },
    remove: () => undefined,
  };
});
