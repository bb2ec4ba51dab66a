import { describeLimits } from '../../../testing/limits-suite.ts';

// As root, control groups of version 1 are there wherever this project is tested; a change of that shows.
const isRoot = process.getuid?.() === 0;
if (isRoot) describeLimits('root', ['cgroup-v1'], true);
describeLimits(isRoot ? 'root' : 'an ordinary user', ['prlimit'], false);
