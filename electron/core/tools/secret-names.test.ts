import { expect, it } from 'vitest';
import { isSecretName } from './secret-names.ts';

it.each([
  '.env',
  '.ENV',
  '.env.local',
  '.npmrc',
  'server.pem',
  'tls.KEY',
  'id_rsa',
  'id_ed25519.bak',
  'credentials.json',
  'secrets',
  '.ssh',
  'service-account-1.json',
])('%s is a secret’s name', (name) => {
  expect(isSecretName(name)).toBe(true);
});

it.each(['environment.ts', 'env', 'keyboard.ts', 'key.ts', 'secretary.md', 'README.md', '.github', 'identity.ts', 'pem.md'])(
  '%s is not',
  (name) => {
    expect(isSecretName(name)).toBe(false);
  },
);
