import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const files: Readonly<Record<string, string>> = {
  'README.md': '# greeter\n\nA very small library that greets people. Run its test with `node test.js`.\n',
  'package.json':
    '{\n  "name": "greeter",\n  "version": "1.0.0",\n  "type": "module",\n  "scripts": {\n    "test": "node test.js"\n  }\n}\n',
  '.git/HEAD': 'ref: refs/heads/main\n',
  '.git/config': '[core]\n\trepositoryformatversion = 0\n\tbare = false\n',
  '.git/hooks/README.sample': 'Programs in this folder run by themselves.\n',
  'src/greet.js': "export function greet(name) {\n  return 'Helo, ' + name + '.';\n}\n",
  'test.js':
    "import assert from 'node:assert';\nimport { greet } from './src/greet.js';\n\nassert.equal(greet('Ada'), 'Hello, Ada.');\nconsole.log('1 passed');\n",
};

/** A small repository with a typing error to mend, for the scripted agent to work in. */
export function createSampleRepository(folder: string): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}
