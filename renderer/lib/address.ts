import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

/** What stands behind the question mark of a page's address: flat, readable, one string per key. Lists are joined by commas. */
export type AddressSearch = Readonly<Record<string, string>>;

export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text.startsWith('?') ? text.slice(1) : text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) if (typeof value === 'string' && value !== '') params.set(key, value);
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/** Adds, changes and (with null) removes keys. */
export function withSearch(search: AddressSearch, change: Readonly<Record<string, string | null>>): Record<string, string> {
  const next: Record<string, string> = { ...search };
  for (const [key, value] of Object.entries(change)) {
    if (value === null || value === '') Reflect.deleteProperty(next, key);
    else next[key] = value;
  }
  return next;
}

export type ChangeAddress = (change: Readonly<Record<string, string | null>>, options?: { readonly replace?: boolean }) => void;

/** The filters and the selection of the current page, kept in its address so that back works and a view can be linked to. */
export function useAddress(): readonly [AddressSearch, ChangeAddress] {
  const search: AddressSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback<ChangeAddress>(
    (part, options) => {
      void navigate({
        to: '.',
        search: (current: AddressSearch) => withSearch(current, part),
        replace: options?.replace ?? false,
      });
    },
    [navigate],
  );
  return [search, change];
}

/** Opens another page of the window. `page` is its address: `/audit?call=…`. */
export function useOpenPage(): (page: string) => void {
  const navigate = useNavigate();
  return useCallback(
    (page) => {
      const [path = '/', query = ''] = page.split('?');
      void navigate({ to: path, search: parseSearch(query) });
    },
    [navigate],
  );
}
