import { spawn } from 'node:child_process';
import { SandboxManager } from '@anthropic-ai/sandbox-runtime';

export interface Library {
  run(): Promise<void>;
  close(): Promise<void>;
}

/** @anthropic-ai/sandbox-runtime as its manual says: no domain allowed, the workspace writable. Answers why it does not run here, if so. */
export async function openLibrary(workspace: string): Promise<Library | string> {
  const { errors } = SandboxManager.checkDependencies();
  if (errors.length > 0) return errors.join(', ');
  await SandboxManager.initialize({
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: { denyRead: ['~/.ssh'], allowWrite: [workspace], denyWrite: [] },
  });
  return {
    async run() {
      const wrapped = await SandboxManager.wrapWithSandbox('true', '/bin/bash');
      const child = spawn(wrapped, { shell: true, cwd: workspace, stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.resume();
      let said = '';
      child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
      const code = await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      });
      SandboxManager.cleanupAfterCommand();
      if (code !== 0) throw new Error(`the library failed: ${said}`);
    },
    close: async () => await SandboxManager.reset(),
  };
}
