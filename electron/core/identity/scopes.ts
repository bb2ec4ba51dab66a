import { scopes, type RequestedScope, type Scope } from '../../../shared/domain/identity.ts';

/** Replaces meta-scopes by what they stand for: `readonly` is every `…:read`, `admin` is all of them. Order and duplicates do not matter. */
export function expandScopes(requested: readonly RequestedScope[]): Scope[] {
  const wanted = new Set<string>(requested);
  return scopes.filter((scope) => wanted.has('admin') || wanted.has(scope) || (wanted.has('readonly') && scope.endsWith(':read')));
}
