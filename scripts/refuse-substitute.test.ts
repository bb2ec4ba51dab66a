import { expect, test } from 'vitest';
import { reasonToRefuse } from './refuse-substitute.mjs';

const good = { pinned: '45.4.1', runtime: { official: true }, otherFolder: undefined, otherVersion: undefined, packed: '45.4.1' };

test('the official Electron of the pinned version is packed', () => {
  expect(reasonToRefuse(good)).toBeNull();
  expect(reasonToRefuse({ ...good, packed: null })).toBeNull();
});

test.each([
  ['a substitute', { runtime: { official: false } }],
  ['an unknown runtime', { runtime: null }],
  ['another folder', { otherFolder: '/elsewhere' }],
  ['another version asked for', { otherVersion: '33.2.1' }],
  ['another version packed', { packed: '33.2.1' }],
])('no package is made from %s', (_name, wrong) => {
  expect(reasonToRefuse({ ...good, ...wrong })).not.toBeNull();
});
