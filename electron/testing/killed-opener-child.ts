import { TaskId } from '../../shared/domain/identity.ts';
import { createLayers } from '../adapters/layers/layers.ts';

/** Opens and closes a task's view until it is killed: data folder and workspace by argument. */
const [folder = '', workspace = ''] = process.argv.slice(2);
const layers = createLayers({ folder, checkWorkspace: async (path) => path, findProgram: async (name) => `/usr/bin/${name}` });
const { kind } = await layers.probe();
process.stdout.write(`${kind}\n`);
const task = TaskId.parse('task_0123456789abcdef');
for (;;) await (await layers.open(task, [workspace], [])).close();
