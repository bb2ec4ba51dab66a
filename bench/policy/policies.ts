/** Rules as people write them: most for commands, some for files and operations, a few with conditions; `count` of them. */
export function policyWith(count: number): string {
  const rules = Array.from({ length: count - 5 }, (_, index) => made(index));
  return `version: 1\nrules:\n${[...BASE, ...rules].map((rule) => `  - ${rule}\n`).join('')}`;
}

const BASE = [
  '{ id: read, effect: allow, tools: [file_read, file_list, file_search] }',
  '{ id: secrets, effect: ask, tools: ["file_*"], paths: ["**/.env", "**/*.pem", "regex:(?i).*/id_(rsa|ed25519)[^/]*"] }',
  '{ id: write, effect: allow, tools: [file_write, file_edit], paths: ["/w/**"] }',
  '{ id: never, effect: deny, tools: [bash], commands: ["regex:rm( -[^ ]+)* /", "dd *of=/dev/*"] }',
  '{ id: rest, effect: allow, tools: [bash], commands: ["*"] }',
];

const EFFECTS = ['deny', 'ask', 'allow'];

function made(index: number): string {
  const effect = EFFECTS[index % EFFECTS.length] ?? 'ask';
  const id = `id: r${index}, effect: ${effect}`;
  switch (index % 8) {
    case 0:
      return `{ ${id}, tools: [bash], commands: ["tool${index} *", "regex:deploy-${index}( --[a-z]+)*"] }`;
    case 1:
      return `{ ${id}, tools: [bash], commands: ["regex:(?i)(service|unit)-${index} (start|stop)( .*)?"] }`;
    case 2:
      return `{ ${id}, tools: ["file_*"], paths: ["/srv/app${index}/**", "**/release-${index}/*.tar"] }`;
    case 3:
      return `{ ${id}, tools: [bash], agents: [agent-${index}], commands: ["*"] }`;
    case 4:
      return `{ ${id}, tools: [restart_service], arguments: { service: { pattern: "svc-${index}*", max_length: 60 }, retries: { max: 5 } } }`;
    case 5:
      return `{ ${id}, tools: [bash], times: [{ days: [sat, sun], from: "22:00", to: "06:00", zone: Europe/Berlin }], commands: ["backup-${index} *"] }`;
    case 6:
      return `{ ${id}, workspaces: ["/home/op/project-${index}/**"], tools: [bash, file_write] }`;
    default:
      return `{ ${id}, tools: [bash], hosts: ["*.host${index}.test"], labels: [private] }`;
  }
}
