import { TaskId } from '../../shared/domain/identity.ts';
import { createLayers } from '../adapters/layers/layers.ts';
import { openRealRunner } from './real-runner.ts';

/** Opens and closes a task's view until it is killed: data folder, workspace and kind of layer by argument. Another task's view stays open meanwhile. */
const [folder = '', workspace = '', wanted] = process.argv.slice(2);
const layers = createLayers({
  runner: openRealRunner(),
  folder,
  checkWorkspace: async (path) => path,
  findProgram: async (name) => `/usr/bin/${name}`,
  kinds: [wanted === 'fuse' ? 'fuse' : 'overlay'],
});
const { kind } = await layers.probe();
await layers.open(TaskId.parse('task_fedcba9876543210'), [workspace], []);
process.stdout.write(`${kind}\n`);
const task = TaskId.parse('task_0123456789abcdef');
for (;;) await (await layers.open(task, [workspace], [])).close();
