import { createFakeFiles } from './fake-files.ts';
import { describeFilesContract } from './files-contract.ts';

describeFilesContract('in memory', async () => {
  const files = createFakeFiles(['/house/own']);
  files.put('/house/ws/hello.txt', 'hello');
  files.put('/house/ws/src/deep/a.ts', 'let a;');
  files.put('/house/ws-other/canary', 'secret');
  files.put('/house/own/gatehouse.db', 'rows');
  return {
    files,
    workspace: '/house/ws',
    sibling: '/house/ws-other',
    own: '/house/own',
    put: async (path, content) => files.put(path, content),
    get: async (path) => files.get(path),
    close: async () => undefined,
  };
});
